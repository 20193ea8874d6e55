package backends_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

// Pipelines have their files in one folder, and each deletes its own alone.
func TestShared(t *testing.T) {
	root := t.TempDir()
	put(t, root, map[string]string{"a/orders.yaml": "", "b/orders.yaml": "", "bills.yaml": ""})
	dir := filepath.Join(root, "k8s")
	yaml := "# " + backends.Header + "\n"
	write := func(pipeline, source string, list []backends.File) error {
		t.Helper()
		o := backends.Owner{Pipeline: pipeline, Source: source}
		_, err := backends.WriteShared(dir, o, list)
		if changes, diffErr := backends.DiffShared(dir, o, list); len(changes) > 0 || (diffErr == nil) != (err == nil) {
			t.Errorf("behind the write there is %v, %v", changes, diffErr)
		}
		return err
	}
	for _, err := range []error{
		write("orders", "../a/orders.yaml", files("orders.yaml", yaml, "orders-more.yaml", yaml)),
		write("bills", "../bills.yaml", files("bills.yaml", yaml)),
		write("orders", "../a/orders.yaml", files("orders.yaml", yaml)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := slices.Sorted(maps.Keys(tree(t, dir)))
	if want := []string{".flowc-files.bills", ".flowc-files.orders", "bills.yaml", "orders.yaml"}; !slices.Equal(got, want) {
		t.Errorf("there is %v and not %v", got, want)
	}

	var taken *backends.NameTakenError
	if err := write("orders", "../b/orders.yaml", files("orders.yaml", yaml)); !errors.As(err, &taken) || taken.Source != filepath.Join(root, "a/orders.yaml") {
		t.Errorf("another pipeline of the name: %v", err)
	}
	if err := os.Remove(filepath.Join(root, "a/orders.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := write("orders", "../b/orders.yaml", files("orders.yaml", yaml)); err != nil {
		t.Errorf("a pipeline that was moved: %v", err)
	}
	if err := write("orders", "", files("orders.yaml", yaml)); err != nil {
		t.Errorf("a pipeline from standard input: %v", err)
	}
	put(t, dir, map[string]string{"mine.yaml": "x"})
	var foreign *backends.ForeignError
	if err := write("mine", "", files("mine.yaml", yaml)); !errors.As(err, &foreign) {
		t.Errorf("a file of the user's: %v", err)
	}
}

// A folder that one pipeline has is left to it: another is refused, and the same one
// under another name, or one whose file is gone, is not.
func TestOwned(t *testing.T) {
	root := t.TempDir()
	put(t, root, map[string]string{"orders.yaml": "", "bills.yaml": ""})
	dir := filepath.Join(root, "deploy")
	yaml := "# " + backends.Header + "\n"
	write := func(pipeline, source, text string) error {
		t.Helper()
		o := backends.Owner{Pipeline: pipeline, Source: source}
		_, err := backends.WriteOwned(dir, o, files("compose.yaml", yaml+text))
		if changes, diffErr := backends.DiffOwned(dir, o, files("compose.yaml", yaml+text)); len(changes) > 0 || (diffErr == nil) != (err == nil) {
			t.Errorf("behind the write there is %v, %v", changes, diffErr)
		}
		return err
	}
	for _, err := range []error{write("orders", "../orders.yaml", "a"), write("orders", "../orders.yaml", "b"), write("sales", "../orders.yaml", "c")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var taken *backends.NameTakenError
	if err := write("bills", "../bills.yaml", "d"); !errors.As(err, &taken) || taken.Pipeline != "" || taken.Source != filepath.Join(root, "orders.yaml") {
		t.Errorf("another pipeline: %v", err)
	}
	if got := tree(t, dir)["compose.yaml"]; got != yaml+"c" {
		t.Errorf("the file is %q", got)
	}
	if err := os.Remove(filepath.Join(root, "orders.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := write("bills", "../bills.yaml", "d"); err != nil {
		t.Errorf("a pipeline whose file is gone: %v", err)
	}
}
