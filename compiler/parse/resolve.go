package parse

import (
	"regexp"
	"strings"
)

// The core schema of YAML 1.2, section 10.3.2.
var (
	coreInt   = regexp.MustCompile(`^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`)
	coreFloat = regexp.MustCompile(`^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// resolvePlain is the kind of a plain scalar of YAML.
func resolvePlain(text string) Kind {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return Bool
	}
	if !strings.ContainsRune("+-.0123456789", rune(text[0])) {
		return String
	}
	switch {
	case coreInt.MatchString(text):
		return Int
	case coreFloat.MatchString(text):
		return Float
	}
	return String
}
