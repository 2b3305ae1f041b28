CREATE OR REPLACE FUNCTION sources_joint_name(members uuid[]) RETURNS text
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE led AS (
        SELECT m.place, s.id, s.name, s.merged_into_id
            FROM unnest(members) WITH ORDINALITY m (id, place) JOIN sources_speaker s ON s.id = m.id
        UNION ALL
        SELECT led.place, s.id, s.name, s.merged_into_id
            FROM led JOIN sources_speaker s ON s.id = led.merged_into_id
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
COMMENT ON FUNCTION sources_joint_name(uuid[]) IS
    'The name of a joint statement, “A, B and C”, by the present names of its members.';
