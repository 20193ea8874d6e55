package analyze

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// Text writes an explanation for people: short sections in plain words, the
// promises first. Lines are wrapped at 100 columns.
func (e *Explanation) Text(w io.Writer) error {
	t := &text{}
	t.line("%s: %s", e.Pipeline, e.counts())
	t.promises(e)
	t.jobs(e)
	t.processes(e)
	if len(e.Nodes) > 0 {
		t.checkpoint(e)
		t.loops(e)
		t.reads(e)
		t.talks(e)
		t.writes(e)
		t.queues(e)
		t.failures(e)
	}
	t.memory(e)
	t.overrides(e)
	t.targets(e)
	_, err := io.WriteString(w, t.out.String())
	return err
}

const width = 100

type text struct{ out strings.Builder }

func (t *text) line(format string, args ...any) { fmt.Fprintf(&t.out, format+"\n", args...) }

func (t *text) section(title string) { t.line("\n%s", title) }

// A row is a name and what is said about it.
type row struct{ name, says string }

// rows writes names in a column and sentences beside it. A name that is too
// long for the column gets a line of its own.
func (t *text) rows(rows []row) {
	column := 0
	for _, r := range rows {
		column = max(column, min(len([]rune(r.name)), 24))
	}
	for _, r := range rows {
		indent := strings.Repeat(" ", column+4)
		first := fmt.Sprintf("  %-*s  ", column, r.name)
		if len([]rune(r.name)) > column {
			for _, line := range wrap(r.name, width-2) {
				t.line("  %s", line)
			}
			first = indent
		}
		for i, line := range wrap(r.says, width-column-4) {
			if i > 0 {
				first = indent
			}
			t.line("%s", strings.TrimRight(first+line, " "))
		}
	}
}

// wrap breaks a sentence between words; what stands in back quotes stays whole.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words(s) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

func words(s string) []string {
	var out []string
	quoted := false
	for _, w := range strings.Fields(s) {
		if quoted {
			out[len(out)-1] += " " + w
		} else {
			out = append(out, w)
		}
		if strings.Count(w, "`")%2 == 1 {
			quoted = !quoted
		}
	}
	return out
}

func (e *Explanation) counts() string {
	count := func(kind string) int {
		n := 0
		for _, node := range e.Nodes {
			if node.Kind == kind {
				n++
			}
		}
		return n
	}
	parts := []string{plural(count("source"), "source"), plural(count("processor"), "processor"), plural(count("sink"), "sink")}
	if len(e.Nodes) == 0 {
		parts = nil
	}
	if len(e.Jobs) > 0 {
		parts = append(parts, plural(len(e.Jobs), "job"))
	}
	return fmt.Sprintf("%s; %s of memory at most", strings.Join(parts, ", "), bytesInWords(e.Memory.Bytes))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// bytesInWords is a number of bytes in KiB or MiB, with digits where needed.
func bytesInWords(n int64) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(math.Ceil(float64(n)/(1<<20)*100)/100, 'f', -1, 64) + " MiB"
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", (n+1<<10-1)>>10)
	}
	return fmt.Sprintf("%d B", n)
}

func (t *text) promises(e *Explanation) {
	if len(e.Paths) == 0 {
		return
	}
	t.section("What is promised")
	var rows []row
	for _, p := range e.Paths {
		order := map[string]string{
			"source": "In the order of `" + p.Source + "`.",
			"chunk":  "In order inside each chunk: " + p.OrderReason + ".",
			"key":    "Ordered inside each key: " + p.OrderReason + ".",
			"none":   "In no order: " + p.OrderReason + ".",
		}[p.Order]
		class := strings.ReplaceAll(string(p.Guarantee), "-", " ")
		rows = append(rows, row{p.Source + " to " + p.Sink, fmt.Sprintf("%s: %s. %s", class, p.Reason, order)})
	}
	t.rows(rows)
}

func (t *text) checkpoint(e *Explanation) {
	t.section("Where the checkpoint is")
	for _, line := range wrap(e.Checkpoint.Where, width-2) {
		t.line("  %s", line)
	}
}

func (t *text) loops(e *Explanation) {
	t.section("What runs together")
	var rows []row
	single := map[string]int{} // where nodes that run alone, for one reason, stand
	for _, l := range e.Loops {
		lanes := fmt.Sprintf("%d loops", l.Lanes)
		switch l.Lanes {
		case 0:
			lanes = fmt.Sprintf("a loop for each processor, %d at most", l.MaxLanes)
		case 1:
			lanes = "one loop"
		}
		r := row{strings.Join(l.Nodes, " + "), lanes + ": " + l.Why + "."}
		if i, ok := single[r.says]; ok && len(l.Nodes) == 1 {
			rows[i].name += ", " + r.name
			rows[i].says = strings.Replace(r.says, ":", " each:", 1)
			continue
		}
		if len(l.Nodes) == 1 {
			single[r.says] = len(rows)
		}
		rows = append(rows, r)
	}
	t.rows(rows)
}

func (t *text) reads(e *Explanation) {
	t.section("What each node does, and reads")
	var rows []row
	for _, n := range e.Nodes {
		var says []string
		if n.Kind == "processor" || n.Kind == "source" {
			says = append(says, n.Does+".")
		}
		for _, r := range n.Reads {
			says = append(says, r.inWords(n.Kind == "source"))
		}
		if len(n.Meta) > 0 {
			says = append(says, "Of `meta`: "+strings.Join(n.Meta, ", ")+".")
		}
		if len(n.Pushed) > 0 {
			says = append(says, "Its scan evaluates "+quoted(n.Pushed)+" as soon as it can, and then leaves the rest of the record.")
		}
		if n.PushedInto != "" {
			says = append(says, "Evaluated in the scan of `"+n.PushedInto+"`.")
		}
		if n.Decided != "" {
			says = append(says, capital(n.Decided)+".")
		}
		if len(says) > 0 && (n.Kind != "sink" || len(n.Reads)+len(n.Meta) > 0) {
			rows = append(rows, row{n.Name, capital(strings.Join(says, " "))})
		}
	}
	t.rows(rows)
}

func (r Read) inWords(decodes bool) string {
	verb := "Looks at"
	if decodes {
		verb = "Decodes"
	}
	of := ""
	if r.Port != "" {
		of = "`" + r.Port + "`: "
	}
	switch {
	case len(r.Fields) == 0:
		return of + "Nothing of it is decoded."
	case r.Fields[0] == "*" && r.Of > 0:
		return fmt.Sprintf("%s%s all of %s.", of, verb, r.Type)
	case r.Fields[0] == "*":
		return fmt.Sprintf("%s%s the %s.", of, verb, r.Type)
	case r.Of > 0 && decodes:
		return fmt.Sprintf("%s%s %s (%s has %s).", of, verb, strings.Join(r.Fields, ", "), r.Type, plural(r.Of, "field"))
	}
	return fmt.Sprintf("%s%s %s.", of, verb, strings.Join(r.Fields, ", "))
}

func (t *text) writes(e *Explanation) {
	var rows []row
	for _, n := range e.Nodes {
		for _, c := range n.Chosen {
			rows = append(rows, row{n.Name, "Its `" + c.Key + "` is `" + c.Value + "`, of each record. " + c.Means})
		}
		for _, w := range n.Writes {
			if w.AsIs {
				rows = append(rows, row{n.Name, "Records from " + quoted(w.From) + " byte for byte as they came: " + w.Why + "."})
			} else {
				rows = append(rows, row{n.Name, "Records from " + quoted(w.From) + " encoded from their type: " + w.Why + "."})
			}
		}
	}
	if len(rows) > 0 {
		t.section("What is written")
		t.rows(rows)
	}
}

func (t *text) queues(e *Explanation) {
	var rows []row
	same := map[string]int{} // where edges of which the same is said stand
	for _, edge := range e.Edges {
		if edge.Kind == ir.Error || edge.Fused && !edge.Copied {
			continue
		}
		says := capital(edge.Why) + "."
		if e.isSink(edge.To) {
			says = "A sink writes in a goroutine of its own, so that a slow write does not hold up the loop before it."
		}
		if edge.Batch > 0 {
			says += fmt.Sprintf(" It gathers %d records before it writes.", edge.Batch)
		}
		if edge.Copied {
			says += " Its records are copies, because `" + edge.To + "` writes to what others still read."
		}
		name := edge.From + " to " + edge.To
		if i, ok := same[says]; ok {
			rows[i].name += ", " + name
			continue
		}
		same[says] = len(rows)
		rows = append(rows, row{name, says})
	}
	if len(rows) == 0 {
		return
	}
	t.section("Where records wait")
	for _, line := range sizes(e) {
		t.line("  %s", line)
	}
	t.rows(rows)
}

func (e *Explanation) isSink(name string) bool {
	return slices.ContainsFunc(e.Nodes, func(n Node) bool { return n.Name == name && n.Kind == "sink" })
}

// sizes say the bounds of all queues, in one sentence where they are the same.
func sizes(e *Explanation) []string {
	type size struct {
		depth int
		bytes int64
	}
	var kinds []size
	into := map[size][]string{}
	for _, edge := range e.Edges {
		if edge.Fused || edge.Depth == 0 {
			continue
		}
		k := size{edge.Depth, edge.Bytes}
		if into[k] == nil {
			kinds = append(kinds, k)
		}
		if !slices.Contains(into[k], edge.To) {
			into[k] = append(into[k], edge.To)
		}
	}
	var sentence string
	for i, k := range kinds {
		which := "Each queue holds"
		if len(kinds) > 1 {
			which = "what waits for " + quoted(into[k]) + " is"
			if i == 0 {
				which = capital(which)
			}
		}
		if i > 0 {
			sentence += ", "
		}
		sentence += fmt.Sprintf("%s %d packets or %s", which, k.depth, bytesInWords(k.bytes))
	}
	if sentence == "" {
		return nil
	}
	return wrap(sentence+", whichever is less: "+sizeWhy+".", width-2)
}

func (t *text) failures(e *Explanation) {
	var policies []string
	nodes := map[string][]string{}
	for _, n := range e.Nodes {
		if n.OnError == "" {
			continue
		}
		if nodes[n.OnError] == nil {
			policies = append(policies, n.OnError)
		}
		nodes[n.OnError] = append(nodes[n.OnError], n.Name)
	}
	t.section("When a record fails")
	var rows []row
	for _, policy := range policies {
		who := strings.Join(nodes[policy], ", ")
		if len(policies) == 1 {
			who = "anywhere"
		}
		rows = append(rows, row{who, capital(policy) + "."})
	}
	t.rows(rows)
}

func (t *text) memory(e *Explanation) {
	t.section("Memory, at most")
	if e.Memory.Advice != "" {
		for _, line := range wrap(e.Memory.Advice, width-2) {
			t.line("  %s", line)
		}
	}
	all := "in all; counted for " + plural(ir.AutoLanes, "processor") + ", fewer need less, and for the sizes in the pipeline, not those of `--set`"
	rows := []row{{bytesInWords(e.Memory.Bytes), all}}
	for _, p := range e.Memory.Parts {
		rows = append(rows, row{bytesInWords(p.Bytes), p.What})
	}
	t.rows(rows)
}

func (t *text) overrides(e *Explanation) {
	if len(e.Overrides) == 0 {
		return
	}
	t.section("What was overridden")
	var rows []row
	for _, o := range e.Overrides {
		what := "replaces"
		if o.Removed {
			what = "takes away"
		}
		rows = append(rows, row{o.Path, fmt.Sprintf("%s %s %s", o.Place, what, strings.Join(o.Replaced, ", "))})
	}
	t.rows(rows)
}

func quoted(names []string) string {
	out := slices.Clone(names)
	for i, n := range out {
		out[i] = "`" + n + "`"
	}
	if len(out) > 1 {
		return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
	}
	return strings.Join(out, "")
}

func capital(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

// targets shows what deployments make of the program, a section each.
func (t *text) targets(e *Explanation) {
	for _, target := range e.Targets {
		t.section("On the target " + target.Name)
		var rows []row
		for _, r := range target.Reasons {
			rows = append(rows, row{r.Subject, r.Says})
		}
		t.rows(rows)
	}
}
