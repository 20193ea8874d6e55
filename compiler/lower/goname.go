package lower

import (
	"slices"
	"strings"
	"unicode"
)

// initialisms are the words that Go's habits write in capitals, golint's list:
// `id` is ID and `base_url` BaseURL, but `ok` is Ok.
var initialisms = []string{
	"ACL", "API", "ASCII", "CPU", "CSS", "DNS", "EOF", "GUID", "HTML", "HTTP", "HTTPS", "ID", "IP", "JSON", "LHS",
	"QPS", "RAM", "RHS", "RPC", "SLA", "SMTP", "SQL", "SSH", "TCP", "TLS", "TTL", "UDP", "UI", "UID", "UUID", "URI",
	"URL", "UTF8", "VM", "XML", "XMPP", "XSRF", "XSS",
}

// GoName makes the exported name of a wire name or of a node: base_url,
// base-url and baseURL are BaseURL. It is "" where a name gives none (one that
// begins with a digit, or in a script without capitals).
func GoName(name string) string {
	var b strings.Builder
	for _, word := range words(name) {
		if upper := strings.ToUpper(word); slices.Contains(initialisms, upper) {
			b.WriteString(upper)
			continue
		}
		r := []rune(word)
		r[0] = unicode.ToUpper(r[0])
		b.WriteString(string(r))
	}
	out := b.String()
	first := []rune(out)
	if len(first) == 0 || !unicode.IsUpper(first[0]) {
		return ""
	}
	return out
}

// words takes a name apart at what can't stand in a Go name, and where a
// capital follows a small letter (baseURL) or begins a word behind capitals
// (HTTPServer).
func words(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, string(word))
			word = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			continue
		}
		if unicode.IsUpper(r) && len(word) > 0 {
			before := word[len(word)-1]
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if !unicode.IsUpper(before) || next {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return out
}
