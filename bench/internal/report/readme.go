package report

import (
	"fmt"
	"os"
	"strings"
)

// Replace puts text between the marks <!-- NAME --> and <!-- /NAME --> of a file. A
// file without these marks is an error: nothing is appended in a guess.
func Replace(path, name, text string) error {
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	before, rest, found := strings.Cut(string(whole), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no place for %s: it needs the lines %q and %q", path, name, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(path, []byte(before+begin+strings.TrimRight(text, "\n")+"\n"+end+after), 0o644)
}
