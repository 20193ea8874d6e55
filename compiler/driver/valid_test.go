package driver

import (
	"os"
	"path/filepath"
	"testing"
)

// Nothing at all is said about a pipeline that is right.
func TestNothingIsSaidAboutWhatIsRight(t *testing.T) {
	files, err := filepath.Glob(corpus + "/valid/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no valid pipelines", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := compileText(t, filepath.Base(file), text)
		for _, d := range r.Diagnostics {
			t.Errorf("%v", d)
		}
		if r.Program == nil {
			t.Errorf("%s gives no program", file)
		}
	}
}
