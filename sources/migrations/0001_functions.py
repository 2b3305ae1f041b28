"""Functions and the domain that columns, indexes and triggers of `sources` need."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

from sources.migrations._not_seen import NOT_SEEN

# What a name for comparison is without, as in `sources/identity/words.toml`, without given names: a
# test compares them. Words are tried here before the regular expressions, which take 30 µs.
TITLES = """
    abbe admiral alcalde alcaldesa alderman ambassador archbishop attorney avv avvocato
    ayatollah baroness bischof bishop biskop borgmastare bundeskanzler bundeskanzlerin
    burgemeester burgermeister burgermeisterin capt captain cardinal chairman chairwoman
    chancellor cllr coach colonel commander commissioner congressman congresswoman constable
    corporal councillor dame deputada deputado depute detective dhr dipl director docteur doctor
    doctora doktor dott dottor dottore dottoressa doutor doutora dr dra drs engineer father frau
    fraulein freiherr froken fru general gov governor graf grafin haji hauptmann herr herrn
    honorable honourable imam ingegner inspector ir judge justice kanzler kanzlerin lady
    lieutenant lord lt madame mademoiselle maire maitre major mayor meneer mevr mevrouw minister
    ministerin ministra ministre ministro miss mlle mme monsieur monsignor mr mrs ms mullah mw
    mx oberst officer onorevole padre pere pfarrer pope prasident prasidentin prefeito president
    presidenta presidente princess prof profesor profesora professeur professor professora
    professore professoressa rabbi representative rev reverend rt secretary senador senadora
    senateur senator senatore senatrice senhor senhora senor senora senorita sergeant sgt shaikh
    sheik sheikh shri signor signora signorina sindaco sir sister smt sr sra sri srta
    statsminister superintendent viscount viscountess δρ κυρια κυριοσ академик г-жа г-н генерал
    господин госпожа губернатор доктор др министр мэр пан пані президент проф профессор сенатор
    судья товарищ גברת ד"ר הגברת הרב השר מר פרופ פרופסור الاستاذ الاستاذة الامير الاميرة الانسة
    الجنرال الدكتور الدكتورة الرييس السفير السيد السيدة الشيخ الشيخة العميد القاضي اللواء
    المهندس الوزير الوزيرة ბატონი ქალბატონი
"""
LETTERS = """
    bsc cbe cbo cpa dbe dds dphil esq frs frsa kbe kc llb llm mba mbe md mdb mdl mep mla mp msc
    msp obe phd qc rn sc tds
"""
DOTTED_TITLES = "sen gen col ing sig fr hon"  # titles only with a dot
NAMES = r"""
CREATE FUNCTION sources_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(regexp_replace(
    casefold(unaccent('unaccent'::regdictionary, regexp_replace(
        normalize(casefold(value COLLATE pg_unicode_fast), NFKD),
        '[{not_seen}]', '', 'g'
    )) COLLATE pg_unicode_fast),
    '\s+', ' ', 'g'
));
COMMENT ON FUNCTION sources_fold(text) IS
    'A name for comparison: case folded, accents, vowel marks and typography removed, white space collapsed.';

CREATE FUNCTION sources_fold_names(name text, aliases text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(DISTINCT sources_fold(n)) FROM unnest(array_prepend(name, aliases)) n);

CREATE FUNCTION sources_acronym(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT short
    FROM regexp_match(name, '^(.*\S)\s*\(([^\s()]{2,12})\)\s*$') m,
    LATERAL (SELECT
        sources_fold(m[1]) AS whole,
        regexp_replace(sources_fold(m[2]), '[^[:alnum:]]', '', 'g') AS short) f,
    LATERAL (SELECT regexp_replace(short, '(.)', '\1%', 'g') AS in_order) o
    WHERE short <> '' AND (
        regexp_replace(regexp_replace(whole, '([[:alnum:]])[[:alnum:]]*', '\1', 'g'), '[^[:alnum:]]', '', 'g')
            LIKE in_order
        OR (length(short) > 2 AND whole LIKE in_order)
    )
);
COMMENT ON FUNCTION sources_acronym(text) IS
    'The acronym that follows a name in brackets, folded, if it has letters of the name in order.';

CREATE FUNCTION sources_without_acronym(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
    WHEN strpos(name, '(') = 0 OR sources_acronym(name) IS NULL THEN name
    ELSE regexp_replace(name, '\s*\([^\s()]*\)\s*$', '')
END;

CREATE FUNCTION sources_untitled(folded text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    bare text := folded;
    rest text;
BEGIN
    IF starts_with(bare, 'the ') THEN
        bare := regexp_replace(bare, '^(?:the )+', '');
    END IF;
    IF rtrim(split_part(bare, ' ', -1), '.') = ANY ('{{letters_listed}}'::text[]) THEN
        rest := regexp_replace(bare, '(?:,? (?:{letters})\.?)+$', '');
        bare := CASE WHEN strpos(rest, ' ') > 0 THEN rest ELSE bare END;
    END IF;
    IF rtrim(split_part(bare, ' ', 1), '.,') = ANY ('{{titles_listed}}'::text[]) THEN
        rest := regexp_replace(
            bare,
            '^(?:(?:(?:{titles})\.?|(?:rt\.?|right) hon(?:\.|ourable|orable)?|(?:{dotted_titles})\.),? )+',
            ''
        );
        bare := CASE WHEN strpos(rest, ' ') > 0 THEN rest ELSE bare END;
    END IF;
    IF bare ~ '^[㐀-鿿]{3}' THEN
        bare := regexp_replace(
            bare, '^([㐀-鿿]{3,})(?:大統領|さん|主席|先生|博士|女士|小姐|总统|教授|知事|議員|首相|様|氏)$', '\1'
        );
    END IF;
    RETURN bare;
END
$$;
COMMENT ON FUNCTION sources_untitled(text) IS
    'A folded name without "the", titles and letters behind it, as long as two words are left.';

CREATE FUNCTION sources_name_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN sources_untitled(sources_fold(sources_without_acronym(name)));
COMMENT ON FUNCTION sources_name_key(text) IS
    'A speaker''s name for comparison: folded, without "the", acronym, titles and letters behind it, '
    'as long as two words are left.';

CREATE FUNCTION sources_body_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN regexp_replace(
    sources_fold(sources_without_acronym(name)),
    '^(?:(?:das|den|der|det|die|het|las|le|les|los|the) |l'')(?=.)', ''
);
COMMENT ON FUNCTION sources_body_key(text) IS
    'An organisation''s name for comparison: folded, without a leading article and its acronym.';

CREATE FUNCTION sources_speaker_names(name text, aliases text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_agg(DISTINCT key) FROM unnest(array_prepend(name, aliases)) n,
    LATERAL unnest(ARRAY[sources_fold(n), sources_name_key(n)]) key
    WHERE n IS NOT NULL
);
COMMENT ON FUNCTION sources_speaker_names(text, text[]) IS
    'Names of a speaker, folded, and as they are compared.';

CREATE FUNCTION sources_organisation_names(name text, aliases text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_agg(DISTINCT key) FROM unnest(array_prepend(name, aliases)) n,
    LATERAL unnest(ARRAY[sources_fold(n), sources_body_key(n), sources_acronym(n)]) key
    WHERE key IS NOT NULL
);
COMMENT ON FUNCTION sources_organisation_names(text, text[]) IS
    'Names of an organisation, folded, and as they are compared, and its acronyms.';

CREATE FUNCTION sources_all_names(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN ' ' || array_to_string(names, ' ');
COMMENT ON FUNCTION sources_all_names(text[]) IS 'Names as one text, each after a space, to look for a part of any.';

CREATE FUNCTION sources_name_slips(names text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN (
    WITH named AS (
        SELECT regexp_split_to_array(btrim(n), '[^[:alnum:]]+') AS words
        FROM unnest(names) n
    )
    SELECT array_agg(DISTINCT key COLLATE "C") FROM (
        SELECT left(word, i - 1) || substr(word, i + 1) AS key
        FROM named, unnest(words) word, generate_series(1, length(word) + 1) i
        WHERE length(word) BETWEEN 4 AND 20
        UNION ALL
        SELECT '=' || string_agg(left(word, 1), '' ORDER BY place)
        FROM named, unnest(words) WITH ORDINALITY w (word, place), (VALUES (1), (4)) least (letters)
        WHERE cardinality(words) BETWEEN 2 AND 12 AND length(word) >= letters
        GROUP BY words, letters
    ) keys
);
COMMENT ON FUNCTION sources_name_slips(text[]) IS
    'Keys of folded names that a search with a slip shares: each word of 4 to 20 letters, whole and '
    'without one letter; behind =, the initials of all words, and of those with 4 letters or more.';

CREATE FUNCTION sources_identifier_values(identifiers jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(identifiers) = 'object' THEN (
    SELECT array_agg(lower(value)) FROM jsonb_each_text(identifiers)
) END;
COMMENT ON FUNCTION sources_identifier_values(jsonb) IS
    'Identifiers of a record in lower case, without their schemes.';
""".replace("{not_seen}", NOT_SEEN)
for _name, _words in {
    "letters": "|".join(LETTERS.split()),
    "titles": "|".join(TITLES.split()),
    "dotted_titles": "|".join(DOTTED_TITLES.split()),
    "letters_listed": ",".join(LETTERS.split()),
    "titles_listed": ",".join(["right", *TITLES.split(), *DOTTED_TITLES.split()]).replace(
        '"', r"\""
    ),
}.items():
    NAMES = NAMES.replace(f"{{{_name}}}", _words)

# Query parameters that say how a reader came to a page, not which page it is; regular expressions.
# A change needs a migration that replaces `sources_url_key` and rewrites the columns made with it.
TRACKING_PARAMETERS = """
    utm_[a-z0-9_]+ mtm_[a-z0-9_]+ pk_(campaign|kwd|source|medium|content)
    fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid ttclid yclid igshid igsh li_fat_id srsltid
    mc_cid mc_eid _hsenc _hsmi mkt_tok _ga _gl ref_src ref_url guccounter guce_referrer(_sig)?
    cmp cmpid icid ncid ocid xtor wt_z?mc smid smtyp ito
    ns_(source|mchannel|campaign|linkname|fee) at_(medium|campaign|custom[0-9]|link_[a-z_]+|ptr_name|bbc_team)
"""

URLS = r"""
CREATE FUNCTION sources_url_decoded(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN position('%' IN value) = 0 THEN value ELSE (
    SELECT string_agg(
        CASE
            WHEN p[1] IS NOT NULL THEN convert_from(decode(replace(p[1], '%', ''), 'hex'), 'UTF8')
            WHEN p[2] IS NOT NULL THEN upper(p[2])
            ELSE p[3]
        END, '' ORDER BY n
    )
    FROM regexp_matches(
        value,
        -- RFC 3629: the UTF-8 of a character beyond ASCII; before them, ASCII that is never reserved
        '(%(?:2[2DE]|3[0-9CE]|4[1-9A-F]|5[0-9AEF]|6[0-9A-F]|7[0-9A-E])'
        '|%(?:C[2-9A-F]|D[0-9A-F])%[89AB][0-9A-F]'
        '|%E0%[AB][0-9A-F]%[89AB][0-9A-F]|%ED%[89][0-9A-F]%[89AB][0-9A-F]'
        '|%E[1-9ABCEF](?:%[89AB][0-9A-F]){2}'
        '|%F0%[9AB][0-9A-F](?:%[89AB][0-9A-F]){2}|%F[123](?:%[89AB][0-9A-F]){3}'
        '|%F4%8[0-9A-F](?:%[89AB][0-9A-F]){2})'
        '|(%[0-9A-F]{2})|([^%]+|%)',
        'gi'
    ) WITH ORDINALITY AS parts(p, n)
) END;
COMMENT ON FUNCTION sources_url_decoded(text) IS
    'A part of a URL without needless percent-encoding; what stays encoded has capital digits.';

CREATE FUNCTION sources_host_label(label text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    rest text = regexp_replace(substr(label, 5), '^.*-', '');
    found text = regexp_replace(substr(label, 5), '-?[^-]*$', '');
    code bigint = 128; place bigint = 0; was bigint; weight bigint; delta bigint;
    bias int = 72; step int; least_digit int; digit int; size int;
BEGIN
    IF label NOT LIKE 'xn--_%' THEN
        RETURN label;
    END IF;
    WHILE rest <> '' LOOP  -- RFC 3492, section 6.2
        was = place; weight = 1; step = 36;
        LOOP
            digit = position(left(rest, 1) IN 'abcdefghijklmnopqrstuvwxyz0123456789') - 1;
            IF rest = '' OR digit < 0 OR weight > 100000000 THEN
                RETURN label;
            END IF;
            rest = substr(rest, 2);
            place = place + digit * weight;
            least_digit = least(greatest(step - bias, 1), 26);
            EXIT WHEN digit < least_digit;
            weight = weight * (36 - least_digit); step = step + 36;
        END LOOP;
        size = length(found) + 1; step = 0;
        delta = (place - was) / CASE was WHEN 0 THEN 700 ELSE 2 END;
        delta = delta + delta / size;
        WHILE delta > 455 LOOP
            delta = delta / 35; step = step + 36;
        END LOOP;
        bias = step + 36 * delta / (delta + 38);
        code = code + place / size; place = place % size;
        IF code > 1114111 OR code BETWEEN 55296 AND 57343 THEN
            RETURN label;
        END IF;
        found = left(found, place::int) || chr(code::int) || substr(found, place::int + 1);
        place = place + 1;
    END LOOP;
    -- A key has to fit an index, whatever the label repeats.
    RETURN CASE WHEN octet_length(found) <= 3 * octet_length(label) THEN found ELSE label END;
END $$;
COMMENT ON FUNCTION sources_host_label(text) IS
    'A label of a host name in its own letters: xn--bcher-kva is bücher (Punycode, RFC 3492).';

CREATE FUNCTION sources_host(host text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN host ~ '^[!-~]*$' AND host !~* 'xn--' THEN lower(host) ELSE (
    SELECT string_agg(sources_host_label(label), '.' ORDER BY n)
    FROM unnest(string_to_array(
        lower(normalize(host, NFC) COLLATE pg_unicode_fast), '.'
    )) WITH ORDINALITY AS labels(label, n)
) END;
COMMENT ON FUNCTION sources_host(text) IS 'A host name in lower case and in its own letters.';

CREATE FUNCTION sources_url_key(url text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT CASE lower(m[1]) WHEN 'http' THEN 'https' ELSE lower(m[1]) END || '://'
        || regexp_replace(
            sources_host(regexp_replace(place, '\.?(:[0-9]*)?$', '')), '^www\.(?=[^.]+\.)', ''
        )
        || coalesce(
            nullif(
                nullif(substring(place FROM ':[0-9]*$'), ':'),
                CASE lower(m[1]) WHEN 'https' THEN ':443' ELSE ':80' END
            ), ''
        )
        || rtrim(sources_url_decoded(m[3]), '/')
        || coalesce('?' || (
            SELECT string_agg(p, '&' ORDER BY n)
            FROM unnest(string_to_array(sources_url_decoded(m[4]), '&')) WITH ORDINALITY AS q(p, n)
            WHERE p <> '' AND p !~* '^({tracking})(=|$)'
        ), '')
        || coalesce(sources_url_decoded(m[5]), '')
    FROM regexp_match(url, '^([A-Za-z]+)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(#!.*)?') m
    CROSS JOIN LATERAL sources_url_decoded(m[2]) place
);
COMMENT ON FUNCTION sources_url_key(text) IS
    'A URL for comparison: without http or https, www., default port, trailing slash, needless '
    'percent-encoding, tracking parameters, and fragment unless it is #!.';
""".replace("{tracking}", "|".join(TRACKING_PARAMETERS.split()))

DROP_URLS = """
DROP FUNCTION sources_url_key, sources_host, sources_host_label, sources_url_decoded
"""

DROP_NAMES = """
DROP FUNCTION
    sources_identifier_values, sources_name_slips, sources_all_names, sources_organisation_names, sources_speaker_names, sources_body_key,
    sources_name_key, sources_untitled, sources_without_acronym, sources_acronym,
    sources_fold_names, sources_fold
"""

LEDGER = r"""
CREATE FUNCTION sources_salt() RETURNS bytea
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
);
COMMENT ON FUNCTION sources_salt() IS '32 random bytes, of PostgreSQL''s strong random numbers.';

CREATE FUNCTION sources_state_hash(salt bytea, state jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256(salt || convert_to(state::text, 'UTF8'));
COMMENT ON FUNCTION sources_state_hash(bytea, jsonb) IS
    'SHA-256 of a salt and a state in its canonical form: jsonb as PostgreSQL writes it, UTF-8.';

CREATE FUNCTION sources_link(
    previous bytea, hash bytea, reason_hash bytea, era smallint, transaction xid8,
    subject_type text, subject_id uuid, version int, verb text, public boolean, reader_visible boolean,
    fields text[], actor text, channel text, request text, at timestamptz
) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(
    coalesce(previous, '\x00') || coalesce(hash, '\x00') || coalesce(reason_hash, '\x00')
    || convert_to(jsonb_build_array(
        era, transaction::text, subject_type, subject_id, version, verb, public, reader_visible, fields,
        actor, channel, request, at AT TIME ZONE 'UTC'
    )::text, 'UTF8')
);
COMMENT ON FUNCTION sources_link IS
    'SHA-256 of the former revision''s link, both hashes, and all else that a revision says.';
"""

DROP_LEDGER = """
DROP FUNCTION
    sources_link, sources_state_hash, sources_salt
"""

ROLE_KEY = """
CREATE FUNCTION sources_role_key(role text) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN left(encode(sha256(convert_to(role, 'UTF8')), 'hex'), 32)::uuid;
COMMENT ON FUNCTION sources_role_key(text) IS
    'Stands for a role where the role itself may be too long, as in an index.';
"""

PARTIAL_DATE = """
CREATE DOMAIN partial_date AS daterange CONSTRAINT partial_date_is_whole CHECK (
    VALUE IS NULL OR (
        lower(VALUE) >= DATE '1000-01-01' AND upper(VALUE) <= DATE '3000-01-01' AND (
            upper(VALUE) = lower(VALUE) + 1
            OR (date_trunc('month', lower(VALUE)::timestamp) = lower(VALUE)
                AND upper(VALUE) = lower(VALUE) + interval '1 month')
            OR (date_trunc('year', lower(VALUE)::timestamp) = lower(VALUE)
                AND upper(VALUE) = lower(VALUE) + interval '1 year')
        )
    ) IS TRUE
);
COMMENT ON DOMAIN partial_date IS 'A whole day, month or year, as the range of days it can be.';
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        migrations.RunSQL(NAMES, DROP_NAMES),
        migrations.RunSQL(URLS, DROP_URLS),
        migrations.RunSQL(LEDGER, DROP_LEDGER),
        migrations.RunSQL(ROLE_KEY, "DROP FUNCTION sources_role_key"),
        migrations.RunSQL(PARTIAL_DATE, "DROP DOMAIN partial_date"),
    ]
