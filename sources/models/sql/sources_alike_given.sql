CREATE OR REPLACE FUNCTION sources_alike_given(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    starts_with(split_part(one, ' ', 1), split_part(other, ' ', 1))
    OR starts_with(split_part(other, ' ', 1), split_part(one, ' ', 1))
) AND (
    split_part(one, ' ', 2) IN ('', split_part(other, ' ', 2)) OR split_part(other, ' ', 2) = ''
);
COMMENT ON FUNCTION sources_alike_given(text, text) IS
    'Whether one first name begins the other, and no middle initials contradict it.';
