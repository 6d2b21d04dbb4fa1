{#-
    A table keyed by snapshot_id and as_of_date of which a run replaces exactly the dates it asks for, in one
    transaction, and forgets the snapshots and nights that are no longer kept. dbt's own incremental strategies write every
    row twice, through a temporary table, and leave the old rows of a date that has none any more.
-#}
{% materialization by_date, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set columns_changed = false -%}
    {%- set is_label = model.fqn[1] == 'labels' -%}
    {%- set dates = label_dates() if is_label else as_of_dates() -%}
    {%- if existing is not none and existing.is_table -%}
        {%- set have = adapter.get_columns_in_relation(existing) | map(attribute='name') | list -%}
        {%- set columns_changed = have != (model.columns.keys() | list) -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if existing is none or not existing.is_table or columns_changed or flags.FULL_REFRESH -%}
        {%- if existing is not none -%}
            {% do adapter.drop_relation(existing) %}
        {%- endif -%}
        {% call statement('main') -%}
            {{ create_table_as(False, target_relation, sql) }}
        {%- endcall %}
    {%- else -%}
        {% call statement('delete') -%}
            delete from {{ target_relation }}
            where
                (snapshot_id = '{{ var("snapshot_id") }}' and as_of_date in (select unnest({{ dates }})))
                or (snapshot_id, as_of_date) not in (
                    select (snapshot_id, unnest({{ 'label_dates' if is_label else 'feature_dates' }}))
                    from {{ ref('int_kept_snapshots') }}
                )
        {%- endcall %}
        {{ get_assert_columns_equivalent(sql) }}
        {% call statement('main') -%}
            insert into {{ target_relation }} by name (
                {{ sql }}
            )
        {%- endcall %}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
