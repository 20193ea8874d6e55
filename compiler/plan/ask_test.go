package plan_test

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/plan"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string]float64{"1e6": 1e6, "250000": 250000, "250k": 250e3, "1M": 1e6, "2G": 2e9, "0.5": 0.5} {
		if got, err := plan.ParseRate(text); err != nil || got != want {
			t.Errorf("the rate %s is %g, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"0": "is no rate", "-1": "is no rate", "many": "no number", "": "no number", "NaN": "no number", "Inf": "no number", "1e6/s": "no number", "1e30": "more than there are"} {
		if _, err := plan.ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the rate %q: got %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]float64{"116": 116, "1KB": 1000, "2KiB": 2048, "1.5e3": 1500} {
		if got, err := plan.ParseSize(text); err != nil || got != want {
			t.Errorf("the size %s is %g, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-5", "big", "", "NaN", "Inf", "1e20", "0B"} {
		if got, err := plan.ParseSize(text); err == nil {
			t.Errorf("the size %q is %g", text, got)
		}
	}
}

func TestPerSource(t *testing.T) {
	r := compile(t, head+"  more: {use: file, config: {path: more.ndjson}, out: Order}\nprocessors: {p: {from: [orders, more], filter: in.N > 1}}\nsinks: {out: {from: p, use: drop}}\n")
	check := func(name string) error { return plan.CheckSource(r.Program, name) }
	for _, c := range []struct {
		sources, given []string
		want           string
	}{
		{[]string{"orders"}, []string{"1e6"}, "orders=1e6"},
		{[]string{"orders", "more"}, []string{"orders=1", "more=2"}, "more=2 orders=1"},
		{[]string{"orders", "more"}, []string{"1e6"}, "say of which it is"},
		{[]string{"orders", "more"}, []string{"ordres=1"}, "the pipeline has no node `ordres`: its sources are `orders` and `more`"},
		{[]string{"orders", "more"}, []string{"p=1"}, "`p` is no source"},
		{[]string{"orders"}, []string{"orders=1", "2"}, "`orders` has two"},
	} {
		got, err := plan.PerSource(c.sources, check, c.given)
		text := ""
		for _, name := range []string{"more", "orders"} {
			if v, ok := got[name]; ok {
				text = strings.TrimSpace(text + " " + name + "=" + v)
			}
		}
		if err != nil {
			text = err.Error()
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%v: got %q, want %q", c.given, text, c.want)
		}
	}
}

func TestCosts(t *testing.T) {
	r := compile(t, head+"processors: {p: {from: orders, filter: in.N > 1}, c: {from: p, command: [cat], protocol: ndjson, out: Order}}\nsinks: {out: {from: c, use: drop}}\n")
	check := func(name string) error { return plan.CheckCost(r.Program, name) }
	if got, err := plan.ParseCosts(check, []string{"c=1.5us"}); err != nil || got["c"] != 1500 {
		t.Errorf("got %v, %v", got, err)
	}
	for given, want := range map[string]string{
		"20us": "does not say of which node", "c=fast": "no time", "c=0s": "more than 0", "c=-1us": "more than 0",
		"p=1us": "is none of yours, and its cost is in the table: a cost can be given of `c`", "x=1us": "has no node `x`",
	} {
		if _, err := plan.ParseCosts(check, []string{given}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", given, err, want)
		}
	}
	if _, err := plan.ParseCosts(check, []string{"c=1us", "c=2us"}); err == nil || !strings.Contains(err.Error(), "has two") {
		t.Errorf("got %v", err)
	}
	bare := compile(t, head+"sinks: {out: {from: orders, use: drop}}\n")
	if err := plan.CheckCost(bare.Program, "orders"); err == nil || !strings.Contains(err.Error(), "no component") {
		t.Errorf("got %v", err)
	}
}
