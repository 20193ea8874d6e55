package kubernetes_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/backends/kubernetes"
)

// The forms that have a folder to themselves are compared with files, and are the same
// each time.
func TestForms(t *testing.T) {
	for _, c := range []struct{ form, program, options string }{
		{kubernetes.FormHelm, "serve", `{"namespace":"shop","storage":"5Gi","env":{"SHOP_URL":"https://shop.eu.example.com/{{x}}"}}`},
		{kubernetes.FormKustomize, "shared", `{"scale":{"max":4,"by":"lag","authentication":"kafka"}}`},
	} {
		t.Run(c.form, func(t *testing.T) {
			o := with(t, c.program, c.options)
			emit := func() []backends.File {
				files, err := kubernetes.Backend{}.Emit(backendtest.Program(t, c.program), o, backends.Layout{Form: c.form})
				if err != nil {
					t.Fatal(err)
				}
				return files
			}
			first := emit()
			backendtest.Tree(t, filepath.Join("testdata", c.form), first)
			for range 20 {
				for i, f := range emit() {
					if f.Path != first[i].Path || !bytes.Equal(f.Data, first[i].Data) {
						t.Fatalf("%s differs", f.Path)
					}
				}
			}
		})
	}
	if _, err := (kubernetes.Backend{}).Emit(backendtest.Program(t, "shared"), with(t, "shared", `{}`), backends.Layout{Form: "terraform"}); err == nil {
		t.Error("a form that there is not is emitted")
	}
}
