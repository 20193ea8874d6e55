package file

import (
	"path/filepath"
	"strings"
	"testing"
)

// Whatever a value is, it is a part of one name, and others are other names.
func TestPartition(t *testing.T) {
	names := map[string]string{}
	for value, want := range map[string]string{
		"2026-01-02": "2026-01-02", "": "__HIVE_DEFAULT_PARTITION__", "a/b": "a%2Fb", "..": "..", "a=b": "a%3Db", "50%": "50%25", "é 😀": "é 😀",
		"2026-01-02T03:04:05Z": "2026-01-02T03%3A04%3A05Z", "\x00\n\x7f": "%00%0A%7F", `a\b`: "a%5Cb", "a%2Fb": "a%252Fb",
	} {
		got := Partition(value)
		if got != want {
			t.Errorf("%q: %q, not %q", value, got, want)
		}
		if other, twice := names[got]; twice {
			t.Errorf("%q and %q are both %q", value, other, got)
		}
		names[got] = value
		path := "out/k=" + got + "/x"
		if strings.ContainsRune(got, '/') || filepath.Clean(path) != path || checkPath(path, "out/k=", true) != nil {
			t.Errorf("%q is no part of a name", got)
		}
	}
}
