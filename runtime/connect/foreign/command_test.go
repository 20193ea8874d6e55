package foreign

import (
	"slices"
	"testing"
)

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		folder      string
		given, want []string
	}{
		{"", []string{"./a", "x"}, []string{"./a", "x"}},
		{"/components", []string{"./a", "x"}, []string{"/components/a", "x"}},
		{"/components", []string{"bin/a"}, []string{"/components/bin/a"}},
		{"/components", []string{"/usr/bin/a"}, []string{"/usr/bin/a"}},
		{"/components", []string{"sh", "-c", "./a"}, []string{"sh", "-c", "./a"}},
		{"/components", nil, nil},
	} {
		t.Setenv(folderVariable, c.folder)
		if got := Command(c.given); !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: %q", c.given, c.folder, got)
		}
	}
}
