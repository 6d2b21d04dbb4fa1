{#- Every row fulfils every condition; a condition that is NULL holds, as in a check constraint. -#}
{% test always(model, conditions) %}
select *
from {{ model }}
where
    {%- for condition in conditions %}
    {% if not loop.first %}or {% endif %}not ({{ condition }})
    {%- endfor %}
{% endtest %}
