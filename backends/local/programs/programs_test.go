package programs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestStore(t *testing.T) {
	dir := t.TempDir()
	s := Store(filepath.Join(dir, "orders"))
	var references []string
	for _, text := range []string{"one", "two"} {
		binary := filepath.Join(dir, text)
		if err := os.WriteFile(binary, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		reference, err := Reference("orders", "cafe", binary)
		if err != nil || s.Has(reference) {
			t.Fatal(reference, err)
		}
		for range 2 {
			if err := s.Put(reference, binary); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(s.Path(reference))
		info, ierr := os.Stat(s.Path(reference))
		if err != nil || ierr != nil || string(got) != text || info.Mode().Perm()&0o100 == 0 && info.Mode().Perm() != 0o666 || filepath.Base(s.Path(reference)) != "orders" {
			t.Errorf("%s: %q %v %v", s.Path(reference), got, err, info.Mode())
		}
		references = append(references, reference)
	}
	slices.Sort(references)
	if got, err := s.References("orders"); err != nil || !slices.Equal(got, references) || references[0] == references[1] {
		t.Errorf("%q %v", got, err)
	}
	for _, r := range append(references, references[0]) {
		if err := s.Delete(r); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(string(s)); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
	if got, err := s.References("orders"); err != nil || got != nil {
		t.Errorf("%q %v", got, err)
	}
}
