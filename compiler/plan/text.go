package plan

import (
	"fmt"
	"io"
	"strings"
)

const width = 120

// Text writes a plan for people: the arithmetic line by line, then what follows from it.
func (p *Plan) Text(w io.Writer) error {
	t := &text{}
	t.head(p)
	t.costs(p)
	t.body(p)
	t.advice(p)
	_, err := io.WriteString(w, t.out.String())
	return err
}

type text struct{ out strings.Builder }

func (t *text) line(format string, args ...any) {
	t.out.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (t *text) section(title string) { t.line("\n%s", title) }

// head says what was asked.
func (t *text) head(p *Plan) {
	var all float64
	for _, s := range p.Sources {
		from := map[string]string{"given": "", "sample": " (of the sample)", "assumed": " (assumed: --size says it)"}[s.SizeFrom]
		t.line("%s: %s records/s of %s B%s from `%s`: %s/s, %s a day", p.Pipeline, count(s.Rate), count(s.Size), from, s.Name, bytesInWords(s.Rate*s.Size), bytesInWords(s.Rate*s.Size*secondsOfDay))
		all += s.Rate
	}
	if len(p.Sources) > 1 {
		t.line("%s: %s records/s in all", p.Pipeline, count(all))
	}
}

// costs say where the numbers are from, and what they leave out.
func (t *text) costs(p *Plan) {
	c := p.Costs
	t.section("Where the costs are from")
	lines := c.FromSample + c.FromTable + c.FromUser + c.FromNothing
	if s := c.Sampled; s != nil {
		t.wrap(fmt.Sprintf("sample: %d of %d lines were measured here, with your data: %s, load before %s, the least of %d rounds on one core, of %s records each. A record took %s ns in all, and up to %s in other rounds.",
			c.FromSample, lines, s.Machine, s.Load, s.Rounds, count(float64(s.Records)), count(s.Nanos), count(s.Most)))
	}
	if c.FromTable > 0 {
		says := fmt.Sprintf("table: %d of %d lines are what flowc's benchmarks took on %s, %s, load before %s. Another processor takes another time, and other data too", c.FromTable, lines, c.Table, c.When, c.Load)
		if c.Sampled == nil {
			says += ": --sample FILE measures this pipeline here"
		}
		t.wrap(says + ".")
	}
	if c.Hops != nil && (c.Hops.When != c.When || c.Hops.Machine != c.Table) {
		t.wrap(fmt.Sprintf("table: those of hops to components are of %s, %s, load before %s.", c.Hops.Machine, c.Hops.When, c.Hops.Load))
	}
	if c.FromUser > 0 {
		t.wrap(fmt.Sprintf("given: %d of %d lines are what --cost says.", c.FromUser, lines))
	}
	t.unknown(p)
	if p.assumes() {
		t.wrap("assumed: a node that may drop records or make more of them hands on each one once (a branch of a route gets all): --sample FILE tells.")
	}
}

// unknown says what is left out.
func (t *text) unknown(p *Plan) {
	for _, u := range p.Unknown {
		t.wrap("unknown: " + u + ".")
	}
}

// assumes tells whether a share was assumed.
func (p *Plan) assumes() bool {
	for _, l := range p.Lines {
		if l.ShareFrom == "assumed" {
			return true
		}
	}
	return false
}

// body is the arithmetic: work, processes, edges, what goes out.
func (t *text) body(p *Plan) {
	t.work(p)
	t.processes(p)
	t.components(p)
	t.edges(p)
	t.sinks(p)
}

// work is a line for each part: rate × cost = cores.
func (t *text) work(p *Plan) {
	t.section("Work: records/s × ns a record = cores")
	name, part := 4, 4
	for _, l := range p.Lines {
		name, part = max(name, len([]rune(l.Node))), max(part, len(l.says()))
	}
	process := ""
	var sum Sum
	end := func() {
		if process != "" && len(p.Processes) > 1 {
			t.line("  %-*s  %-*s  %38s = %7s", name, "", part, "process "+process, "", inCores(sum.MilliCores))
			t.line("")
		}
		sum = Sum{}
	}
	for _, l := range p.Lines {
		if l.Process != process {
			end()
			process = l.Process
		}
		nanos := "       ?"
		if l.From != "unknown" {
			nanos = fmt.Sprintf("%8.1f ns", l.Nanos)
		}
		note := l.From
		if l.From != "unknown" {
			note += fmt.Sprintf(" %s–%s", inCores(l.MilliLow), inCores(l.MilliHigh))
		}
		switch {
		case l.ShareFrom == "sample":
			note += fmt.Sprintf("; %s leave it for each that comes", share(l.Share))
		case l.ShareFrom == "assumed":
			note += "; share not known: 1"
		}
		t.line("  %-*s  %-*s  %13s/s × %-21s = %7s  %s", name, l.Node, part, l.says(), count(l.Rate), nanos, inCores(l.MilliCores), note)
		sum.add(l)
	}
	end()
	t.line("  %-*s  %-*s  %38s = %7s  %s–%s", name, "all", part, "", "", inCores(p.Total.MilliCores), inCores(p.Total.MilliLow), inCores(p.Total.MilliHigh))
	if b := p.Busiest; b.Node != "" {
		t.wrap(fmt.Sprintf("`%s` has the most to do: %s of a core. It fills one at %s records/s.", b.Node, inCores(b.MilliCores), count(b.Rate)))
	}
}

// share is a share with as many digits as say something.
func share(s float64) string {
	if s >= 0.1 || s == 0 {
		return fmt.Sprintf("%.2f", s)
	}
	return fmt.Sprintf("%.2g", s)
}

// says is what a line does, and to what.
func (l *Line) says() string {
	_, of, _ := strings.Cut(l.Of, "/")
	switch l.Part {
	case "engine":
		return "queues, acks, collector"
	case "decode", "parse", "encode":
		return fmt.Sprintf("%s %s, %s of %s B", l.Part, of, fields(l.Fields), count(l.Size))
	case "read", "write", "copy", "exchange":
		return fmt.Sprintf("%s %s, %s B", l.Part, of, count(l.Size))
	case "map", "set", "check", "route":
		return fmt.Sprintf("%s, %s", l.Part, fields(l.Fields))
	}
	return l.Part
}

func fields(n int) string {
	if n == 1 {
		return "1 field"
	}
	return fmt.Sprintf("%d fields", n)
}

func (t *text) processes(p *Plan) {
	t.section(fmt.Sprintf("Processes, of %s each, planned to %.0f %% of that", ofCores(p.Cores), Headroom*100))
	name := 0
	for _, q := range p.Processes {
		name = max(name, len([]rune(q.Name)))
	}
	for _, q := range p.Processes {
		asked := ""
		switch {
		case q.Hosts > 0:
			asked = fmt.Sprintf(" (%d are asked for, on %d to %d hosts)", q.Replicas, q.Hosts, q.Replicas)
		case q.Replicas > 1 && q.Replicas != q.Needed:
			asked = fmt.Sprintf(" (%d are asked for)", q.Replicas)
		}
		t.line("  %-*s  %s = max(%s ÷ %.1f, %s ÷ %.1f of `%s`, which is one goroutine's)%s; %s of memory × %d = %s", name, q.Name, copies(q.Needed),
			inCores(q.MilliCores), Headroom*float64(p.Cores), inCores(q.SerialMilli), Headroom, q.Serial, asked, memoryInWords(q.Memory), q.Runs(), memoryInWords(q.Memory*int64(q.Runs())))
	}
	if len(p.Processes) > 1 {
		t.line("  %-*s  %s of memory at most", name, "all", memoryInWords(p.Memory))
	}
}

func (t *text) edges(p *Plan) {
	if len(p.Edges) == 0 {
		return
	}
	t.section("Between processes")
	for _, e := range p.Edges {
		t.line("  %s → %s, by %s", e.From, e.To, e.Carrier)
		t.line("    %s/s × (%s + %d B) = %s/s into the broker and out again, %s/s and %s records/s for each of %s", count(e.Rate), count(e.Size), recordOverhead, bytesInWords(e.BytesPerSecond),
			bytesInWords(e.BytesPerSecond/float64(max(e.Partitions, 1))), count(e.Rate/float64(max(e.Partitions, 1))), partitions(e.Partitions))
		t.line("    its disk: %s a day written%s; at most %s at once, which is %s of records", bytesInWords(e.BytesPerDay), onServers(e.Copies), memoryInWords(e.MaxBytes), inTime(e.Holds))
		if e.BrokerMilli >= 0 {
			t.line("    the server works %s cores for it (table)", inCores(e.BrokerMilli))
		} else {
			t.line("    what the server works for it is not known")
		}
	}
}

func partitions(n int) string {
	if n == 1 {
		return "1 partition"
	}
	return fmt.Sprintf("%d partitions", n)
}

func onServers(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" on %d servers together", n)
}

func (t *text) sinks(p *Plan) {
	t.section("Out")
	for _, s := range p.Sinks {
		from := map[string]string{"sample": "as in the sample", "estimated": "estimated by fields", "source": "as they came"}[s.SizeFrom]
		t.line("  %s (%s): %s records/s × %s B (%s) = %s/s, %s a day", s.Name, s.Connector, count(s.Rate), count(s.Size), from, bytesInWords(s.BytesPerSecond), bytesInWords(s.BytesPerDay))
	}
}

// advice is what to do, and the plan behind it.
func (t *text) advice(p *Plan) {
	t.section("What to do")
	for _, s := range p.Advice.Says {
		t.wrap(s)
	}
	if p.Advice.Paste != "" {
		t.line("")
		for line := range strings.Lines(p.Advice.Paste) {
			t.line("      %s", strings.TrimSuffix(line, "\n"))
		}
	}
	if then := p.Advice.Then; then != nil {
		t.section(fmt.Sprintf("So cut, with %s of `%s`", copies(p.Advice.Replicas), p.Advice.Cut))
		t.unknown(then)
		t.body(then)
	}
}

// wrap writes a sentence, broken between words.
func (t *text) wrap(s string) {
	line := " "
	for word := range strings.FieldsSeq(s) {
		if len([]rune(line))+1+len([]rune(word)) > width && line != " " {
			t.line("%s", line)
			line = "   "
		}
		line += " " + word
	}
	t.line("%s", line)
}
