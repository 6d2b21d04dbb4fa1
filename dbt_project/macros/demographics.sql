{#- The order in which a customer's newest row comes first; of rows that arrived at once, the same one in every run. -#}
{% macro newest_customer_row_first() -%}
    arrived_at desc, age_band, income_band, home_ownership, marital_status, household_size, household_composition,
    n_children
{%- endmacro %}

{#- The demographic columns of a customer's row as features: bands as numbers that sort, and whether any is known. -#}
{% macro demographic_features() -%}
    {{ band_start('age_band') }} as age_rank,
    {{ band_start('income_band') }} as income_rank,
    {{ band_start('household_size') }} as household_size,
    {{ band_start('n_children') }} as n_children,
    {{ is_homeowner('home_ownership') }} as is_homeowner,
    cast(coalesce(
        age_band, income_band, home_ownership, marital_status, household_size, household_composition, n_children
    ) is not null as integer) as has_demographics
{%- endmacro %}

{#- The number that a band such as `35-49K`, `250K+`, `65+` or `Under 15K` starts with (0 where it names only its
    upper end); NULL where it has none. -#}
{% macro band_start(band) -%}
    case
        when regexp_matches(lower({{ band }}), '^\s*(under|less than|below|up to|<)') then 0
        else try_cast(nullif(regexp_extract({{ band }}, '^\W*(\d{1,9})', 1), '') as integer)
    end
{%- endmacro %}

{#- 1 for an owner, 0 for a renter, NULL where the words say neither. -#}
{% macro is_homeowner(words) -%}
    case
        when regexp_matches(lower({{ words }}), '\brent|\btenant|\bno[nt]?[ -]?(home)?own') then 0
        when regexp_matches(lower({{ words }}), 'owner|\bown') then 1
    end
{%- endmacro %}
