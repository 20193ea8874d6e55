package manifest

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/ir"
)

// everywhere places all files and gives all variables, as secrets.
func everywhere(p *ir.Program) Given {
	g := Given{Env: map[string]string{}, Beside: true, Placed: func(string) bool { return true }}
	for _, at := range values(p) {
		parts(at.value, func(_ *ir.Value, part *ir.Part) {
			if part.Kind == ir.Env && !part.HasDefault {
				g.Secrets = append(g.Secrets, part.Text)
			}
		})
	}
	return g
}

// TestApps compares what deployments see of programs of all kinds with files.
func TestApps(t *testing.T) {
	for _, name := range []string{"payments", "kafka", "nats", "postgres", "checkpoint-postgres", "sqlite", "per-record-path", "let-env", "meta", "components", "parquet", "beside"} {
		t.Run(name, func(t *testing.T) {
			p := backendtest.Program(t, name)
			app, list := Of(p, "k8s", everywhere(p))
			var b strings.Builder
			for _, d := range list {
				b.WriteString("error: " + d.Message + "\n")
			}
			text, err := json.MarshalIndent(app, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
			b.WriteString("\n")
			backendtest.File(t, filepath.Join("testdata", name+".txt"), []byte(b.String()))
		})
	}
}

// Settings that the options give stand behind those of the target, where they win.
func TestGivenSettings(t *testing.T) {
	p := backendtest.Program(t, "csv-out")
	given := everywhere(p)
	given.Env["FLOWC_SET"] = "# slow\norders.config.path = /other\n\nout.config.mode=append\n"
	app, list := Of(p, "k8s", given)
	if len(list) > 0 {
		t.Fatal(list)
	}
	want := app.Settings[0].Key + "=" + app.Settings[0].Value + "\ntelemetry.http=:9090\norders.config.path=/other\nout.config.mode=append\n"
	if got := app.Assignments(); got != want {
		t.Errorf("the settings are\n%s and not\n%s", got, want)
	}
	if len(app.Env) > 0 {
		t.Errorf("FLOWC_SET is a variable as well: %v", app.Env)
	}
}

// A server on localhost is not in the container, unless it is the program.
func TestLocal(t *testing.T) {
	for _, c := range []struct {
		url  string
		host bool
		want string
	}{
		{"http://localhost/sales", false, "`told` connects to localhost:80, which on the target k8s is the container of the program itself"},
		{"http://[::1]:81/sales", false, "`told` connects to [::1]:81, which on the target k8s is the container of the program itself"},
		{"http://127.0.0.1:81/sales", true, ""},
		{"http://127.0.0.1:8080/events", false, ""},
		{"http://shop/sales", false, ""},
	} {
		p := backendtest.Program(t, "serve")
		given := everywhere(p)
		given.Secrets = nil
		given.Env["SHOP_URL"], given.Host = c.url, c.host
		_, list := Of(p, "k8s", given)
		got := ""
		for _, d := range list {
			got += d.Message
		}
		if got != c.want {
			t.Errorf("%s: %q", c.url, got)
		}
	}
}

// Where a setting of the options says where a program connects to, that counts, and not
// what the pipeline says.
func TestEndpointsOfSettings(t *testing.T) {
	p := backendtest.Program(t, "serve")
	given := everywhere(p)
	given.Secrets = nil
	given.Env["SHOP_URL"] = "http://localhost/sales"
	given.Env["FLOWC_SET"] = "told.config.url=http://shop:8080/old\ntold.config.url=https://shop.example.com/sales"
	app, list := Of(p, "k8s", given)
	if len(list) > 0 {
		t.Errorf("it says %v", list)
	}
	for _, e := range app.Endpoints {
		if e.Node == "told" && (e.Host != "shop.example.com" || e.Port != 443) {
			t.Errorf("it connects to %+v", e)
		}
	}
}

// Folders that are not the program's in a container are refused, and its own on a host
// are none of a deployment's business.
func TestForeignFolders(t *testing.T) {
	for _, c := range []struct {
		years string
		host  bool
		want  string
	}{
		{"/tmp/x", false, ""},
		{"/srv/x", false, ""},
		{"/etc/x", false, "`by-year` writes to `/etc/years`, which in a container is not the program's to keep files in"},
		{"/input/x", false, "`by-year` writes to `/input/years`, which in a container is not the program's to keep files in"},
		{"/etc/x", true, ""},
		{"/apple/x", false, ""},
	} {
		p := backendtest.Program(t, "per-record-path")
		given := everywhere(p)
		given.Env["YEARS"], given.Host = c.years, c.host
		_, list := Of(p, "k8s", given)
		got := ""
		for _, d := range list {
			got += d.Message
		}
		if got != c.want {
			t.Errorf("%s: %q", c.years, got)
		}
	}
	for dir, want := range map[string]bool{"/": true, "/tmp": true, "/tmp/a": false, "/app": true, "/application": false, "/dev/shm": true, "/data": false, "/home/etc": false} {
		if foreign(dir) != want {
			t.Errorf("foreign(%s) is %v", dir, !want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for _, c := range []struct {
		text string
		port int
		want []Endpoint
	}{
		{"kafka-0:9093", 9092, []Endpoint{{Host: "kafka-0", Port: 9093}}},
		{"kafka-0", 9092, []Endpoint{{Host: "kafka-0", Port: 9092}}},
		{"[::1]:9092", 9092, []Endpoint{{Host: "::1", Port: 9092}}},
		{"nats://a:4222,b:4223", 4222, []Endpoint{{Host: "a", Port: 4222}, {Host: "b", Port: 4223}}},
		{"tls://user:pw@a", 4222, []Endpoint{{Host: "a", Port: 4222}}},
		{"https://api.example.com/v1?x=a,b", 0, []Endpoint{{Host: "api.example.com", Port: 443}}},
		{"http://api:8080/", 0, []Endpoint{{Host: "api", Port: 8080}}},
		{"postgres://u@db/shop?sslmode=disable", 5432, []Endpoint{{Host: "db", Port: 5432}}},
		{"postgres://a,b:5433/shop", 5432, []Endpoint{{Host: "a", Port: 5432}, {Host: "b", Port: 5433}}},
		{"host=db port=6432 user=u", 5432, []Endpoint{{Host: "db", Port: 6432}}},
		{"host=db user=u", 5432, []Endpoint{{Host: "db", Port: 5432}}},
	} {
		if diff := cmp.Diff(c.want, endpoints(c.text, c.port)); diff != "" {
			t.Errorf("%s: %s", c.text, diff)
		}
	}
}

func TestLabel(t *testing.T) {
	seen := map[string]string{}
	long := strings.Repeat("a", 70)
	for _, text := range []string{"orders", "Orders", "orders_1", "orders-1", "", "--", "é", long, long + "b", "a.b", "a-b", "1", "UPPER"} {
		label := Label(text, 63)
		if len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") || label == "" {
			t.Errorf("%q becomes %q", text, label)
		}
		if other, ok := seen[label]; ok {
			t.Errorf("%q and %q both become %q", text, other, label)
		}
		seen[label] = text
		if port := portName(text); len(port) > 15 || strings.Trim(port, "0123456789-") == "" || strings.Contains(port, "--") {
			t.Errorf("%q becomes the port %q", text, port)
		}
	}
	if got := Label("orders", 63); got != "orders" {
		t.Errorf("orders becomes %s", got)
	}
}

// Copies of a member with one name would shut each other out.
func TestCopiesOfAMember(t *testing.T) {
	p := backendtest.Program(t, "shared")
	for _, n := range p.Nodes {
		if op, ok := n.Op.(*ir.Source); ok {
			op.Config = append(op.Config, ir.Setting{Key: "instance", Value: &ir.Value{Parts: []ir.Part{{Kind: ir.Env, Text: "MEMBER"}}}})
		}
	}
	given := everywhere(p)
	if app, _ := Of(p, "k8s", given); !app.Copies.Many {
		t.Errorf("a name that each copy has for itself: %s", app.Copies.Why)
	}
	given.Env["MEMBER"] = "one"
	given.Secrets = nil
	app, _ := Of(p, "k8s", given)
	if want := "`orders` is the member `one` of its group, and a second one of that name shuts the first out"; app.Copies.Many || app.Copies.Why != want {
		t.Errorf("it says %v: %s", app.Copies.Many, app.Copies.Why)
	}
}
