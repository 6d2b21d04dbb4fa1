{#- The grain: no key is NULL, and none comes twice. `nullable` keys may be NULL. -#}
{% test unique_rows(model, columns, nullable=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns if column not in nullable %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
