{#- Percent of `whole` that `part` is; NULL where there is no whole. One division of two exact sums. -#}
{% macro pct(part, whole) -%}
    case when {{ whole }} > 0 then cast(100 * {{ part }} as double) / cast({{ whole }} as double) end
{%- endmacro %}

{#- `part` as a share of `whole`; NULL where there is no whole. One division of two exact sums. -#}
{% macro share(part, whole) -%}
    case when {{ whole }} > 0 then cast({{ part }} as double) / cast({{ whole }} as double) end
{%- endmacro %}

{#- Weight of an order that is `age_days` old, in units of 2^-20: halved every `half_life_days`. An integer, so that
    its sum is the same in every order of summation; it reaches zero after 21 half-lives. -#}
{% macro decay_weight(age_days, half_life_days=28) -%}
    cast(round(1048576 * pow(0.5, {{ age_days }} / {{ half_life_days }}.0)) as bigint)
{%- endmacro %}

{#- An exact square. DuckDB gives the product of two DECIMAL(18, 4) eighteen digits again, eight of them behind the
    point: a week of 100,000 would overflow it. -#}
{% macro square(amount) -%}
    cast({{ amount }} as decimal(19, 4)) * cast({{ amount }} as decimal(19, 4))
{%- endmacro %}

{#- Standard deviation of `n` numbers from exact sums of them and of their squares: of the population, one root and
    one division of exact numbers, so the same in every order of summation. NULL for none. -#}
{% macro spread(n, total, squares) -%}
    case
        when {{ n }} > 0
            then sqrt(greatest(cast({{ n }} * {{ squares }} - {{ square(total) }} as double), 0)) / {{ n }}
    end
{%- endmacro %}
