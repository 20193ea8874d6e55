package live

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// Logs are those of all containers of all pods; who follows gets those of pods to come,
// and no line twice where a log is read again.
func TestLogs(t *testing.T) {
	c, e := newCluster(t)
	put(t, e, releaseOf(t, "h1", stateful(t)), "")
	have := func(name, containers string) {
		c.have("/api/v1/namespaces/shop/pods/"+name, read(t, `{"metadata":{"name":"`+name+`","labels":{"app.kubernetes.io/name":"orders"}},"spec":{"containers":[`+containers+`]}}`))
	}
	if err := e.Logs(t.Context(), "orders", deploy.LogOptions{Tail: -1}, func(deploy.Line) {}); err == nil || !strings.Contains(err.Error(), "orders: it has no pod") {
		t.Error(err)
	}
	have("orders-0", `{"name":"pipeline"},{"name":"other"}`)
	c.log = "2026-01-01T00:00:01.5Z one\n2026-01-01T00:00:02.5Z two words\n"
	var lines []string
	line := func(l deploy.Line) {
		lines = append(lines, fmt.Sprint(l.Instance, "|", l.Text, "|", l.Time.Nanosecond()/1e8))
	}
	if err := e.Logs(t.Context(), "orders", deploy.LogOptions{Tail: -1, Since: time.Date(2026, 1, 1, 0, 0, 2, 0, time.UTC)}, line); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"orders-0/pipeline|two words|5", "orders-0/other|two words|5"}, lines); d != "" {
		t.Error(d)
	}
	lines = nil
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := map[string]int{}
	err := e.Logs(ctx, "orders", deploy.LogOptions{Follow: true, Tail: -1}, func(l deploy.Line) {
		seen[l.Instance+" "+l.Text]++
		switch {
		case l.Instance == "orders-0/pipeline" && l.Text == "two words":
			have("orders-1", `{"name":"pipeline"}`)
		case l.Instance == "orders-1" && l.Text == "two words":
			c.mu.Lock()
			c.log += "2026-01-01T00:00:03Z three\n"
			c.mu.Unlock()
		case l.Instance == "orders-1" && l.Text == "three":
			cancel()
		}
	})
	if err != context.Canceled {
		t.Error(err)
	}
	for line, n := range seen {
		if n != 1 {
			t.Errorf("%q comes %d times", line, n)
		}
	}
	if seen["orders-1 three"] != 1 || seen["orders-0/other one"] != 1 {
		t.Error(seen)
	}
}
