package manifest

import (
	"regexp"
	"strconv"
	"strings"
)

// A quoted string is written in double quotes, whatever is in it.
type quoted string

// MarshalYAML writes it with the escapes that Go and YAML have in common.
func (q quoted) MarshalYAML() ([]byte, error) { return []byte(strconv.Quote(string(q))), nil }

// plainWord are texts that no reader takes for anything else: they begin with a
// letter, a slash or the like, and hold no sign that YAML knows. The library quotes
// the words that are values (true, null, yes).
var plainWord = regexp.MustCompile(`^[A-Za-z/_$(][A-Za-z0-9/_.$(){}%+,;=@~^ -]*(:[A-Za-z0-9/_.$(){}%+,;=@~^-][A-Za-z0-9/_.$(){}%+,;=@~^ -]*)*$`)

// quantity are numbers with a unit, which no reader takes for a number: 64Mi, 100m,
// 40s. An exponent (1e3) is none.
var quantity = regexp.MustCompile(`^[1-9][0-9]*(m|s|h|Ki|Mi|Gi|Ti|KiB|MiB|GiB|TiB|KB|MB|GB|M|G|%)$`)

// plainKey are the keys that manifests have: names of fields, variables, labels. One
// that begins with a digit has a letter that no number and no time has.
var plainKey = regexp.MustCompile(`^([A-Za-z_]|[0-9][A-Za-z0-9_./-]*[g-nq-su-wyG-NQ-SU-WY])[A-Za-z0-9_./-]*$`)

// IsKey tells whether a text can be a key of a manifest.
func IsKey(text string) bool { return plainKey.MatchString(text) }

// block are texts of several lines that a literal block keeps as they are.
var block = regexp.MustCompile(`^[^\s\x00-\x1f\x7f-\x{9f}][^\x00-\x08\x0b-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{feff}]*$`)

// scalar is a string as it is written: the library leaves some without quotes that
// readers of YAML 1.1 take for a time or a number, or that do not come back.
func scalar(s string) any {
	switch {
	case strings.Contains(s, "\n"):
		if block.MatchString(s) && !strings.Contains(s, " \n") && !strings.Contains(s, "\t\n") && !strings.HasSuffix(s, "\n\n") && !strings.HasSuffix(s, " ") {
			return s
		}
		return quoted(s)
	case plainWord.MatchString(s) && !strings.HasSuffix(s, " "), quantity.MatchString(s):
		return s
	}
	return quoted(s)
}

// Text is the text of a scalar that [Ordered] gave, "" for what is none.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case quoted:
		return string(v)
	}
	return ""
}
