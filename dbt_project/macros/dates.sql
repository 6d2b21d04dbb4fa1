{#- Dates as a SQL list. `nightmarket transform` has checked that each is an ISO date. -#}
{% macro date_list(days) -%}
    cast([
    {%- for day in days -%}
        '{{ day }}' {%- if not loop.last %}, {% endif -%}
    {%- endfor -%}
    ] as date [])
{%- endmacro %}

{#- The dates that this run builds. -#}
{% macro as_of_dates() -%}
    {{ date_list(var('as_of_dates')) }}
{%- endmacro %}

{#- Those of them for which customers are paired with what they bought: the largest rows, which some families do without. -#}
{% macro pair_dates() -%}
    {{ date_list(var('pair_dates')) }}
{%- endmacro %}

{#- The dates that this run labels: those, and the published nights whose outcome it looks up. -#}
{% macro label_dates() -%}
    {{ date_list(var('as_of_dates') + var('outcome_dates')) }}
{%- endmacro %}

{#- A day that no shop reaches: when what has no end ends. -#}
{% macro end_of_time() -%}
    date '9999-12-31'
{%- endmacro %}

{#- The timeline that all customers share whose past looks the same from every requested date. -#}
{% macro shared_timeline() -%}
    {{ end_of_time() }}
{%- endmacro %}

{#- Whether a version of a row was the newest known one on the eve of `cut`. -#}
{% macro is_known_at(version, cut) -%}
    {{ version }}.arrived_date < {{ cut }} and {{ version }}.superseded_date >= {{ cut }}
{%- endmacro %}

{#- Whether a category of this name is no ware that anybody intends to buy. -#}
{% macro is_pseudo_category(name) -%}
    (
        false
        {%- for word in var('pseudo_category_words') %}
        or coalesce(contains(upper({{ name }}), '{{ word }}'), false)
        {%- endfor %}
    )
{%- endmacro %}
