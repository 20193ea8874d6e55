package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// A Parquet file, and a source of a pipeline that reads some, say their types by the
// schema; with them the pipeline reads the file.
func TestInferParquet(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	type line struct {
		SKU string `parquet:"sku"`
	}
	type order struct {
		ID    int64            `parquet:"id"`
		Memo  *string          `parquet:"memo,optional"`
		Total int64            `parquet:"total,decimal(2:18)"`
		Lines []line           `parquet:"lines,list"`
		By    map[string]int64 `parquet:"by"`
	}
	dir := t.TempDir()
	path, odd := filepath.Join(dir, "orders.parquet"), filepath.Join(dir, "${in.X} [a].pq")
	if err := parquet.WriteFile(path, []order{{ID: 1, Total: 1250, Lines: []line{{"a"}}, By: map[string]int64{"x": 2}}}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, odd, string(data))
	writeFile(t, filepath.Join(dir, "broken.parquet"), "no Parquet")
	file := filepath.Join(dir, "pipeline.yaml")
	writeFile(t, file, "pipeline: shop\nsources:\n  orders: {use: file, config: {path: \"*.parquet\", format: parquet}}\n"+
		"sinks:\n  out: {from: orders, use: stdout}\n")
	if err := os.Rename(filepath.Join(dir, "broken.parquet"), filepath.Join(dir, "broken")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLOWC_CACHE", t.TempDir())
	t.Chdir(dir)
	const types = "types:\n  Order:\n    id: int64\n    memo?: string\n    total: decimal\n    lines: [Line]\n    by: map of int64\n  Line:\n    sku: string\n"
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"infer", "orders.parquet"}, exitOK, types + "\n# sources:\n#   orders:\n#     use: file\n#     config: {path: orders.parquet}\n#     out: Order\n"},
		{[]string{"infer", filepath.Base(odd), "--as", "parquet", "--name", "Order"}, exitOK, types},
		{[]string{"infer", "broken", "--as", "parquet"}, exitEnv, "flowc: " + filepath.Join(dir, "broken") + ": it has 10 bytes, which is no Parquet file"},
		{[]string{"infer", "nowhere.parquet"}, exitEnv, "nowhere.parquet: no such file"},
		{[]string{"infer", "-", "--as", "parquet"}, exitUsage, "name the file"},
		{[]string{"infer", "pipeline.yaml", "orders", "--write"}, exitOK, types},
	} {
		var out bytes.Buffer
		if code := run(c.args, nil, &out, &out); code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit code %d: %s", strings.Join(c.args, " "), code, &out)
		}
	}
	out, err := command(dir, t.TempDir(), "flowc", "run", "pipeline.yaml").CombinedOutput()
	if want := `{"id":1,"total":"12.50","lines":[{"sku":"a"}],"by":{"x":2}}` + "\n"; err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("%v: %s", err, out)
	}
}
