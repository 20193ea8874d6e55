package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Label makes a DNS-1123 label of max characters at most of a text: lower-case
// letters, digits and hyphens. What had to be changed or cut ends in a hyphen and
// eight digits of the text's hash, so that two texts never give one label in
// silence; max is 12 at least.
func Label(text string, max int) string {
	var b strings.Builder
	for _, c := range strings.ToLower(text) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	label := strings.Trim(b.String(), "-")
	if label == text && label != "" && len(label) <= max {
		return label
	}
	sum := sha256.Sum256([]byte(text))
	hash := hex.EncodeToString(sum[:4])
	label = strings.TrimRight(label[:min(len(label), max-len(hash)-1)], "-")
	if label == "" {
		return "x-" + hash
	}
	return label + "-" + hash
}

// portName makes the name of a port of a text: a label of 15 characters at most
// with a letter in it (RFC 6335).
func portName(text string) string {
	name := Label(strings.ReplaceAll(text, "_", "-"), 15)
	if strings.Trim(name, "0123456789-") == "" {
		return "p" + Label(name, 14)
	}
	return name
}
