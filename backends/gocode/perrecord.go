package gocode

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// An Outside is text from the environment or a file in a value that changes with
// each record: `${env:DIR}/` of `${env:DIR}/${in.Region}.ndjson`. The program
// keeps it in a variable of its package, which is set when it starts.
type Outside struct {
	Var string
	// Node and Key say whose it is.
	Node, Key string
	Value     *ir.Value
}

// keys quotes the per-record values of a sink's config and of its meta.
func (l *loop) keys(sink *ir.Node, v value, packet string) []jen.Code {
	op := sink.Op.(*ir.Sink)
	var code []jen.Code
	add := func(expr string) {
		i := len(code)
		code = append(code, l.Gof("%s.Keys[%d] = append(%s.Keys[%d], %s)", packet, i, packet, i, expr))
	}
	for _, s := range op.Config {
		switch {
		case openHost(op, s):
			add("address")
		case s.Value.PerRecord():
			add(l.join(sink, s, v))
		}
	}
	for _, a := range op.Meta {
		add(l.kept(a.Expr, l.part(sink, a.Name, a.Expr, v)))
	}
	return code
}

// kept quotes a value that a packet keeps as it is: longer than the block of
// input that its text may lie in.
func (l *loop) kept(e *ir.Expr, text string) string {
	if l.views && e.Type.Kind == ir.String {
		return "@strings.Clone(" + text + ")"
	}
	return text
}

// address quotes the making of a URL in whose host values of the record stand,
// which may refuse the record; nil where the sink has none.
func (l *loop) address(sink *ir.Node, v value, at place) []jen.Code {
	op := sink.Op.(*ir.Sink)
	i := slices.IndexFunc(op.Config, func(s ir.Setting) bool { return openHost(op, s) })
	if i < 0 {
		return nil
	}
	s := op.Config[i]
	var texts []string // the pipeline's and the record's by turns
	for from := 0; from < len(s.Value.Parts); {
		if p := s.Value.Parts[from]; p.Kind == ir.Record {
			if len(texts)%2 == 0 {
				texts = append(texts, `""`)
			}
			texts = append(texts, l.part(sink, s.Key, p.Expr, v))
			from++
			continue
		}
		run := fixed(s.Value.Parts[from:])
		texts = append(texts, l.fixedText(sink, s, run))
		from += len(run)
	}
	at.chain.steps = append(at.chain.steps, step{node: sink.YAML, refused: true})
	return []jen.Code{l.Gof("address, err := @http.Address(%s)", strings.Join(texts, ", ")), l.ifFailed(sink.YAML, "err", at)}
}

// openHost tells whether a URL may have values of the record in its host: the
// text before the first of them does not end the host.
func openHost(op *ir.Sink, s ir.Setting) bool {
	if op.Connector != "http" || s.Key != "url" || !s.Value.PerRecord() {
		return false
	}
	before := fixed(s.Value.Parts)
	if len(before) == 0 {
		return false // all of it is the record's
	}
	last := before[len(before)-1]
	_, host, ok := strings.Cut(last.Text, "://")
	if !ok {
		host = last.Text
	}
	return last.Kind != ir.Literal || !strings.ContainsAny(host, "/?#")
}

// join quotes a text of several parts.
func (l *loop) join(sink *ir.Node, s ir.Setting, v value) string {
	var texts []string
	for from := 0; from < len(s.Value.Parts); {
		if p := s.Value.Parts[from]; p.Kind == ir.Record {
			text := l.part(sink, s.Key, p.Expr, v)
			if len(s.Value.Parts) == 1 { // what is joined is new
				text = l.kept(p.Expr, text)
			}
			if from > 0 && isPartition(sink.Op.(*ir.Sink), s, s.Value.Parts[from-1]) {
				text = "@file.Partition(" + text + ")"
			}
			texts = append(texts, text)
			from++
			continue
		}
		run := fixed(s.Value.Parts[from:])
		texts = append(texts, l.fixedText(sink, s, run))
		from += len(run)
	}
	return strings.Join(texts, " + ")
}

// isPartition tells whether the part of a path of a file ends with `name=`, so that
// what comes next is the value of a partition.
func isPartition(op *ir.Sink, s ir.Setting, before ir.Part) bool {
	return op.Connector == "file" && s.Key == "path" && before.Kind == ir.Literal && partition.MatchString(before.Text)
}

var partition = regexp.MustCompile(`(^|/)[\pL_][\pL\pN_.-]*=$`)

// part quotes what one expression gives for a record.
func (l *loop) part(sink *ir.Node, key string, e *ir.Expr, v value) string {
	text := l.callExpr(stageFunc{
		name: "key" + l.names.upper(sink.YAML) + upperFirst(camel(key)), comment: "gives `" + key + "` of `" + sink.YAML + "` for a record.", node: sink,
	}, l.stages.typ(e.Type), v, e)
	if e.Type.Kind != ir.String && e.Type.Kind != ir.Enum {
		text = "@codec.Key(" + text + ")"
	}
	return text
}

// literal quotes what stands before the first value of a record.
func (l *loop) literal(sink *ir.Node, s ir.Setting) string {
	return l.fixedText(sink, s, fixed(s.Value.Parts))
}

// fixed are the parts at the begin of parts that are the same for all records.
func fixed(parts []ir.Part) []ir.Part {
	for i, p := range parts {
		if p.Kind == ir.Record {
			return parts[:i]
		}
	}
	return parts
}

// fixedText quotes parts that are the same for all records.
func (l *loop) fixedText(sink *ir.Node, s ir.Setting, parts []ir.Part) string {
	v := &ir.Value{Parts: parts, Kind: "string", Span: s.Value.Span}
	if v.IsLiteral() {
		return fmt.Sprintf("%q", v.Text())
	}
	for _, o := range l.outside {
		if o.Node == sink.YAML && o.Key == s.Key && &o.Value.Parts[0] == &parts[0] {
			return o.Var
		}
	}
	o := Outside{Var: l.stages.unique("text" + l.names.upper(sink.YAML) + upperFirst(camel(s.Key))), Node: sink.YAML, Key: s.Key, Value: v}
	l.outside = append(l.outside, o)
	return o.Var
}
