package nomad

import (
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/backendtest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// What Nomad can't bring to where a command looks for it is refused, with what can be done.
func TestUnseenRefused(t *testing.T) {
	t.Parallel()
	p := backendtest.Program(t, "foreign-lines")
	const docked, isolated = `"driver":"docker"`, `"driver":"exec","binary":{"path":"/usr/local/bin/x"}`
	for _, c := range []struct{ options, want, help string }{
		{docked + `,"files":{"access.log":{"volume":"logs"}}`, "`access.log` is one file in a folder of the program's", "`{url: …}`"},
		{docked + `,"files":{"lists/":{"volume":"logs","path":"lists"}}`, "where the whole volume `logs` would be", "a volume of its own"},
		{docked + `,"files":{"lists/*":{"volume":"logs"}}`, "no key of the pipeline has the pattern `lists/*`", ""},
		{docked + `,"files":{"lists/":{"volume":"logs","url":"https://example.org/x"}}`, "`lists/` must be told one place", ""},
		{docked + `,"files":{"lists/":{"volume":"logs"},"a.log":{"host":"/srv/a.log"},"/srv/b.csv":{"url":"https://example.org/b.csv"}}`, "", ""},
		{isolated + `,"files":{"access.log":{"host":"/srv/access.log"}}`, "the driver exec can't bring `access.log`", "`{url: …}`"},
		{isolated + `,"storage":{"volume":"x"},"files":{"access.log":{"url":"https://example.org/a"}}`, "nothing can be downloaded into the folder that `storage` keeps", "/srv/access.log"},
		{isolated + `,"files":{"access.log":{"url":"https://example.org/a"},"/srv/b.csv":{"url":"https://example.org/b.csv"}}`, "", ""},
		{`"driver":"raw_exec","binary":{"path":"/x"},"work_dir":"/srv/x","files":{"access.log":{"host":"/srv/a"}}`, "the pipeline reads no file `access.log`", "lies below `work_dir`"},
	} {
		list := Backend{}.Check(p, backends.Options(`{"as":"batch","time_zone":"UTC","cpu":100,"pids":256,"max_kill_timeout":"35s",`+c.options+`}`))
		said := slices.ContainsFunc(list, func(d *diag.Diagnostic) bool {
			return strings.Contains(d.Message, c.want) && strings.Contains(strings.Join(d.Help, "\n"), c.help)
		})
		if c.want == "" && list.HasErrors() || c.want != "" && !said {
			t.Errorf("%s gives %v", c.options, list)
		}
	}
}
