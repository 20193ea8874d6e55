package driver

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// Where checkpoints are kept, and what is said about it that is wrong.
func TestStore(t *testing.T) {
	for name, c := range map[string]struct {
		says   string // of `checkpoint`
		more   string // blocks beside `delivery`
		errors []string
		config string // the store's keys
	}{
		"a file":                       {says: `store: sqlite, path: "${env:STATE}/x.db"`, config: "path"},
		"a server":                     {says: `store: postgres, dsn: "postgres://db/x", tls: {ca: ca.pem}, every: 5s`, config: "dsn tls.ca"},
		"from defaults":                {says: `store: postgres`, more: `defaults: {postgres: {dsn: "${env:PG}", tls: {ca: a.pem}}}`, config: "dsn tls.ca"},
		"its own before defaults":      {says: `store: sqlite, path: b.db`, more: `defaults: {sqlite: {path: a.db, table: t, every: 5s}}`, config: "path"},
		"the folder":                   {says: `store: file, every: 5s`, more: `defaults: {file: {compression: none}}`},
		"no address":                   {says: `store: sqlite`, errors: []string{"missing-key the store `sqlite` needs the key `path`"}},
		"an empty one":                 {says: `store: sqlite, path: ""`, errors: []string{"missing-value `path` is empty"}},
		"a password":                   {says: `store: postgres, dsn: "postgres://a:b@db/x"`, errors: []string{"secret-literal `dsn` is a secret, and a secret does not stand in a pipeline"}},
		"a secret":                     {says: `store: postgres, dsn: "${env:PG}", user: a, password: b`, errors: []string{"secret-literal `password` is a secret, and a secret does not stand in a pipeline"}},
		"half of two":                  {says: `store: postgres, dsn: "${env:PG}", password: "${env:X}"`, errors: []string{"missing-key `password` means nothing without `user`"}},
		"no such store":                {says: `store: redis, path: x`, errors: []string{"bad-value `store` must be `file`, `sqlite`, `postgres`, `nats` or `sink`, not `redis`"}},
		"no such key":                  {says: `store: sqlite, pat: x`, errors: []string{"unknown-key `pat` is no key of `checkpoint`"}},
		"a key of another":             {says: `store: sqlite, path: x, dsn: "${env:PG}"`, errors: []string{"unknown-key `dsn` is a key of the store `postgres`, and this is `sqlite`"}},
		"a key below one of another":   {says: `store: sqlite, path: x, tls: {ca: a}`, errors: []string{"unknown-key `tls` is a key of the store `postgres`, and this is `sqlite`"}},
		"a key of the folder":          {says: `store: file, path: x`, errors: []string{"unknown-key `path` is a key of the store `sqlite`, and this is `file`"}},
		"a key of no store":            {says: `path: x`, errors: []string{"missing-key `path` says where a store is, and `store` does not say which"}},
		"a list":                       {says: `store: sqlite, path: [x]`, errors: []string{"wrong-type `path` must be a text, and this is a list"}},
		"a text for a mapping":         {says: `store: postgres, dsn: "${env:PG}", tls: x`, errors: []string{"wrong-type `tls` must be a mapping such as `{ca: ca.pem}`, and this is a string"}},
		"of a record":                  {says: `store: sqlite, path: "${in.ID}"`, errors: []string{"not-per-record `path` is set once, when the program starts, and `${in.ID}` is of one record"}},
		"a key of nothing by default":  {says: `store: postgres`, more: `defaults: {postgres: {dsn: "${env:PG}", dns: x}}`, errors: []string{"unknown-key `dns` is no key of the store `postgres`"}},
		"a connector that is no store": {says: `store: kafka`, errors: []string{"bad-value `store` must be `file`, `sqlite`, `postgres`, `nats` or `sink`, not `kafka`"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := "pipeline: p\ntypes:\n  P: {id: string}\nsources: {in: {use: file, config: {path: in.ndjson}, out: P}}\n" +
				"sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}\ndelivery: {checkpoint: {" + c.says + "}}\n" + c.more + "\n"
			r := compileText(t, "p.yaml", []byte(text))
			var got []string
			for _, d := range r.Diagnostics {
				got = append(got, string(d.Code)+" "+d.Message)
				if d.Span.IsZero() || len(d.Help)+len(d.Fixes)+len(d.Notes) == 0 && d.Label == "" && !strings.Contains(d.Message, " must be ") {
					t.Errorf("%s has no place, or no remedy", d.Message)
				}
			}
			if strings.Join(got, "\n") != strings.Join(c.errors, "\n") {
				t.Fatalf("%s\n\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.errors, "\n"))
			}
			if len(c.errors) > 0 {
				return
			}
			if config := keysOf(r.Program.Delivery.StoreConfig); config != c.config {
				t.Errorf("the config is %q, not %q", config, c.config)
			}
		})
	}
}

func keysOf(settings []ir.Setting) string {
	var keys []string
	for _, s := range settings {
		keys = append(keys, s.Key)
	}
	return strings.Join(keys, " ")
}
