package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// What is said for a process stands in place of what is said for all, as a whole.
func TestOptionsOfProcesses(t *testing.T) {
	const all = `{"memory":"1GiB","storage":{"volume":"v"},"processes":{"a":{"storage":{"ephemeral":"1GiB"},"cpu":2}}}`
	for _, c := range []struct{ options, process, want string }{
		{all, "", `{"memory":"1GiB","storage":{"volume":"v"}}`},
		{all, "b", `{"memory":"1GiB","storage":{"volume":"v"}}`},
		{all, "a", `{"cpu":2,"memory":"1GiB","storage":{"ephemeral":"1GiB"}}`},
		{`{"memory":"1GiB"}`, "a", `{"memory":"1GiB"}`},
		{"", "a", ""},
	} {
		if got := string(OptionsOf([]byte(c.options), c.process)); got != c.want {
			t.Errorf("%s of %q are %s, not %s", c.options, c.process, got, c.want)
		}
	}
}

// A mistake in an option of a process is shown there, and one of all where that stands.
func TestOptionAt(t *testing.T) {
	spans := map[string]source.Span{}
	for i, key := range []string{"k8s", "k8s.memory", "k8s.processes.a.memory", "k8s.files", "k8s.files.x"} {
		spans[key] = source.Span{Start: i + 1, End: i + 2}
	}
	for _, c := range []struct {
		process string
		keys    []string
		want    string
	}{
		{"", []string{"memory"}, "k8s.memory"},
		{"b", []string{"memory"}, "k8s.memory"},
		{"a", []string{"memory"}, "k8s.processes.a.memory"},
		{"a", []string{"files", "x"}, "k8s.files.x"},
		{"a", []string{"files", "y"}, "k8s.files"},
		{"a", []string{"cpu"}, "k8s"},
		{"a", nil, "k8s"},
	} {
		if got := OptionAt(spans, "k8s", c.process, c.keys...); got != spans[c.want] {
			t.Errorf("%v of %q is at %v, not at %s", c.keys, c.process, got, c.want)
		}
	}
}

// A broker is made for what its streams may hold, and told apart from other carriers.
func TestBroker(t *testing.T) {
	p := cutShop(t)
	p.Carrier = &ir.Carrier{Connector: "nats", Config: []ir.Setting{{Key: "url", Value: &ir.Value{Secret: true, Parts: []ir.Part{{Kind: ir.Env, Text: "NATS_URL"}}}}}}
	b, list := BrokerFor(p, "k8s", "", 0)
	if list.HasErrors() {
		t.Fatal(list)
	}
	want := &Broker{
		Name: "shop-edges", Image: BrokerImage, Args: []string{"-js", "-sd", "/data", "-p", "4222", "-m", "8222", "-n", "shop-edges"}, Variable: "NATS_URL",
		Streams: 128 << 20, Disk: 1 << 30, Memory: 256 << 20, GoMemory: 230 << 20,
	}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Error(diff)
	}
	if len(b.Fits(170<<20, source.Span{})) != 1 || len(b.Fits(171<<20, source.Span{})) != 0 {
		t.Error("what it needs is a third more than its streams may hold")
	}
	p.Carrier = &ir.Carrier{Connector: "kafka"}
	if _, list := BrokerFor(p, "k8s", "", 0); len(list) != 1 || list[0].Message != "a target brings a server of NATS, and `edges` asks for kafka" {
		t.Errorf("with Kafka it says %v", list)
	}
}
