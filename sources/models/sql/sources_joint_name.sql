CREATE OR REPLACE FUNCTION sources_joint_name(members uuid[], was jsonb DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE known AS NOT MATERIALIZED (
        SELECT s.id, state.*
            FROM sources_speaker s, LATERAL jsonb_to_record(coalesce(
                was -> s.id::text,
                jsonb_build_object('name', s.name, 'merged_into_id', s.merged_into_id)
            )) state (name text, merged_into_id uuid)
    ), led AS (
        SELECT m.place, k.* FROM unnest(members) WITH ORDINALITY m (id, place) JOIN known k USING (id)
        UNION ALL
        SELECT led.place, k.* FROM led JOIN known k ON k.id = led.merged_into_id
    ), named AS (
        SELECT array_agg(name ORDER BY place) AS names
            FROM (
                SELECT name, min(place) AS place
                    FROM led WHERE merged_into_id IS NULL GROUP BY id, name
            ) each
    )
    SELECT left(
        CASE WHEN cardinality(names) > 1
            THEN array_to_string(trim_array(names, 1), ', ') || ' and ' ELSE ''
        END || names[cardinality(names)], 500
    ) FROM named
$$;
COMMENT ON FUNCTION sources_joint_name(uuid[], jsonb) IS
    'The name of a joint statement, “A, B and C”, by the present names of its members, or by what some of them were, by id.';
