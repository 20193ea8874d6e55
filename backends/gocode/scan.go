package gocode

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// addDecoder adds the decoder of a node, which is on chain c, to the loop.
func (l *loop) addDecoder(n *ir.Node, c *chain) *decoder {
	d := l.newDecoder(n, l.views)
	d.chain = c
	l.useDecoder(d)
	return d
}

// useDecoder gives the loop's struct a decoder.
func (l *loop) useDecoder(d *decoder) {
	l.decoders = append(l.decoders, d)
	l.fields = append(l.fields, jen.Id(d.field).Id(d.typ))
	l.setup = append(l.setup, l.Gof("l.%s = new%s()", d.field, upperFirst(d.typ)))
}

// decoderVars quotes the variables of the decoders that a piece of code names.
func (l *loop) decoderVars(code []jen.Code) []jen.Code {
	text := jen.Block(code...).GoString()
	var out []jen.Code
	for _, d := range l.decoders {
		if containsWord(text, d.name) {
			out = append(out, l.Gof("%s := &l.%s", d.name, d.field))
		}
	}
	return out
}

// scan quotes how a decoder finds the values of a record.
func (l *loop) scan(d *decoder, line string, at place) []jen.Code {
	failed := l.fail(d.node.YAML, "err", at)
	switch d.flavor {
	case csvFlavor:
		return []jen.Code{
			l.Go("if header, ok := b.Frame.(*@frame.Header); ok && header != d.header").Block(
				l.block("if err := d.scanner.Header(header.Row); err != nil", l.fail(d.node.YAML, "&@codec.HeaderError{Err: err}", at)...),
				l.Go("d.header = header")),
			l.block("if err := d.scanner.Scan(line, d.spans[:]); err != nil", failed...),
		}
	case logfmtFlavor:
		return []jen.Code{l.block(fmt.Sprintf("if err := %s.scanner.Scan(%s, %s.spans[:]); err != nil", d.name, line, d.name), failed...)}
	}
	switch d.op.Validate {
	case ir.Needed:
		return []jen.Code{l.Gof("%s.object.Start(%s, %s.spans[:])", d.name, line, d.name)}
	case ir.Full:
		return []jen.Code{l.block(fmt.Sprintf("if err := %s.object.ScanFull(%s, %s.spans[:]); err != nil", d.name, line, d.name), failed...)}
	}
	return []jen.Code{l.block(fmt.Sprintf("if err := %s.object.Scan(%s, %s.spans[:]); err != nil", d.name, line, d.name), failed...)}
}

// parse quotes the parse verb: a text inside of the record becomes a record.
func (l *loop) parse(n *ir.Node, op *ir.Decode, v value, at place) ([]jen.Code, error) {
	call := l.callExpr(stageFunc{
		name: "parse" + l.names.upper(n.YAML), comment: "gives the text that `" + n.YAML + "` parses.", node: n,
	}, "string", v, op.Input)
	if n.ID == n.YAML {
		at.chain.steps = append(at.chain.steps, step{node: n.YAML})
	}
	text := l.names.local(n.YAML) + "Text"
	var code []jen.Code
	if op.Input.Errs {
		code = append(code, l.Gof("%sString, %sErr := %s", text, text, call), l.ifFailed(n.YAML, text+"Err", at),
			l.Gof("%s := @codec.Bytes(%sString)", text, text))
	} else {
		code = append(code, l.Gof("%s := @codec.Bytes(%s)", text, call))
	}
	d := l.addDecoder(n, at.chain)
	d.input = at.input
	if d.flavor == regexpFlavor {
		scan, err := l.matchRegexp(n, op, d, text, at)
		if err != nil {
			return nil, err
		}
		code = append(code, scan...)
	} else {
		if d.flavor == csvFlavor {
			code = append(code, l.block(fmt.Sprintf("if err := %s.scanner.Scan(%s, %s.spans[:]); err != nil", d.name, text, d.name), l.fail(n.YAML, "err", at)...))
		} else {
			code = append(code, l.scan(d, text, at)...)
		}
	}
	if n.ID != n.YAML { // of what a component gives, which counts what it is given
		at.chain = l.newChain(l.counter(l.names.lower(n.YAML)+"Decoded"), at.chain)
		code = append(code, l.count(at.chain))
	}
	out := value{base: d.name + "." + d.record(""), typ: n.Out[0].Type, dec: d, text: text, done: map[string]bool{}}
	if n.ID != n.YAML {
		out.raw = text
	}
	rest, err := l.after(n, "", out, at)
	return append(code, rest...), err
}

// matchRegexp quotes how the groups of a regular expression become cells.
func (l *loop) matchRegexp(n *ir.Node, op *ir.Decode, d *decoder, text string, at place) ([]jen.Code, error) {
	pattern := Option(op.Options, "regexp")
	variable := l.names.lower(n.YAML) + "Regexp"
	l.stages.decls = append(l.stages.decls, fmt.Sprintf("// %s is what `%s` searches for.\n", variable, n.YAML)+
		l.stages.text(fmt.Sprintf("var %s = @regexp.MustCompile(%s)\n", variable, quoteRegexp(pattern))))
	groups, err := groupNames(pattern)
	if err != nil {
		return nil, err
	}
	t := n.Out[0].Type
	code := []jen.Code{
		l.Gof("%sMatch := %s.FindSubmatchIndex(%s)", text, variable, text),
		l.block(fmt.Sprintf("if %sMatch == nil", text), l.fail(n.YAML, fmt.Sprintf("@codec.NoMatch(%s)", text), at)...),
	}
	for _, f := range t.Fields {
		i := slices.Index(groups, f.Name)
		if i < 0 {
			i = slices.Index(groups, f.Go)
		}
		w := child(&d.wants, f.Name, &d.spans, 0)
		if i < 0 {
			code = append(code, l.Gof("%s.spans[%d] = @text.Absent", d.name, w.index))
			continue
		}
		code = append(code, l.Gof("%s.spans[%d] = @codec.Group(%sMatch, %d)", d.name, w.index, text, i))
	}
	return code, nil
}

// groupNames are the names of a pattern's groups by number.
func groupNames(pattern string) ([]string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return re.SubexpNames(), nil
}

func quoteRegexp(s string) string {
	if !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	return fmt.Sprintf("%q", s)
}
