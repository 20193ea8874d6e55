package driver

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir/diag"
)

// Each page of a code shows a pipeline that gives it, and one that gives
// nothing at all.
func TestPagesAreTrue(t *testing.T) {
	seen := map[diag.Code]bool{}
	for _, info := range diag.Codes() {
		if seen[info.Code] {
			t.Errorf("%s has two pages", info.Code)
		}
		seen[info.Code] = true
		if info.Title == "" || info.Text == "" || strings.HasSuffix(info.Title, ".") {
			t.Errorf("%s: a page has a title without a full stop, and a text", info.Code)
		}
		if (info.Bad == "") != (info.Good == "") {
			t.Errorf("%s: an example has a wrong and a right form", info.Code)
		}
		if info.Bad == "" {
			continue
		}
		t.Run(string(info.Code), func(t *testing.T) {
			bad := compileText(t, "pipeline.yaml", []byte(info.Bad)).Diagnostics
			found := false
			for _, d := range bad {
				found = found || d.Code == info.Code
				if d.Code != info.Code {
					t.Errorf("the wrong form also gives %v", d)
				}
			}
			if !found {
				t.Errorf("the wrong form does not give the code, but %v\n%s", saidBy(bad), info.Bad)
			}
			good := compileText(t, "pipeline.yaml", []byte(info.Good))
			for _, d := range good.Diagnostics {
				t.Errorf("the right form gives %v\n%s", d, info.Good)
			}
			if good.Program == nil {
				t.Error("the right form gives no program")
			}
		})
	}
}
