"""The tests call nobody, either."""

from nightmarket.settings import keep_libraries_offline

keep_libraries_offline()
