package flowtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

func ExampleJudge() {
	ledger := flowtest.NewLedger()
	for i, who := range []string{"ann", "bob", "ann", "bob"} {
		id := fmt.Sprint(i)
		record := flowtest.Record{ID: id, Key: who, Data: fmt.Appendf(nil, "%d from %s", i, who)}
		check(ledger.Send(record)) // before it is sent
		check(ledger.Accept(id))   // when the other side has said yes
	}
	verdict := flowtest.Judge(ledger, flowtest.Branch{
		Name: "orders", Guarantee: flowtest.EffectivelyOnce,
		Sinks: []flowtest.Place{{Name: "table", Records: []flowtest.Found{
			{ID: "0", Data: []byte("0 from ann")},
			{ID: "3", Data: []byte("3 from bob")},
			{ID: "1", Data: []byte("1 from bob")},
			{ID: "3", Data: []byte("3 from bob")},
		}}},
	})
	fmt.Println(verdict)
	// Output:
	// orders (effectively-once): 4 accepted, 3 in sinks, 1 repeats: BROKEN
	//   1 lost: "2" is nowhere (key "ann")
	//   1 repeated: "3" is there 2 times (table), and was sent once
	//   1 reordered: "1" came behind "3" in table (key "bob")
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// TestOrdersSurvive runs a pipeline that was built with `flowc build orders.yaml -o bin`
// through forty faults.
func TestOrdersSurvive(t *testing.T) {
	binary, err := filepath.Abs("bin/orders")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Skip("bin/orders is not built")
	}
	dir, ledger := t.TempDir(), flowtest.NewLedger()
	input, err := os.Create(filepath.Join(dir, "orders.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	for i := range 100_000 {
		id := fmt.Sprint(i)
		record := flowtest.Record{ID: id, Data: fmt.Appendf(nil, `{"id":"%d","total":"9.90"}`, i)}
		if err := ledger.Promise(record); err != nil { // what is in the file is promised
			t.Fatal(err)
		}
		fmt.Fprintf(input, "%s\n", record.Data)
	}

	chaos := flowtest.Chaos{
		Program: flowtest.Program{Binary: binary, Dir: dir},
		Seed:    uint64(time.Now().UnixNano()),
		Most:    40, Between: 100 * time.Millisecond,
	}
	result, err := chaos.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d starts, %v", result.Starts, result.Faults)

	out, err := flowtest.Lines("out.ndjson", idOfOrder, filepath.Join(dir, "out.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	verdict := flowtest.Judge(ledger, flowtest.Branch{
		Name: "out", Guarantee: flowtest.EffectivelyOnce, Sinks: []flowtest.Place{out},
	})
	if !verdict.OK() {
		t.Error(verdict)
	}
}

func idOfOrder(line []byte) (id string) {
	if _, err := fmt.Sscanf(string(line), `{"id":%q`, &id); err != nil {
		return ""
	}
	return id
}
