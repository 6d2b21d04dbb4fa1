"""Parts of ``nightmarket report``: what is read for each part of the page."""
