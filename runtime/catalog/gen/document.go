package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// document returns the text of docs/connectors.md; sizes are those of programs that
// link the connectors.
func document(all []catalog.Connector, sizes map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString("# Connectors\n\n" +
		"<!-- Generated from the connectors' source by runtime/catalog/gen. DO NOT EDIT. -->\n\n" +
		"The built-in sources and sinks: what `use:` may name, the keys of their `config:`, and what each promises.\n" +
		"Keys marked *fixed* are part of the program; all others can be changed when it starts (`--set NODE.config.KEY=VALUE`).\n" +
		"Keys marked *per record* take `${in.Field}`, `${or(in.Field, …)}` and `${meta.Key}`. Keys marked *secret* take references alone (`${env:NAME}`, `${file:PATH}`).\n" +
		"A secret of a file follows the file while the program runs, and so do the files of `tls` ([the rule](language.md#values-from-outside)).\n\n" +
		"`flowc components show NAME` prints the same on a terminal, and as JSON with `--format json`.\n" +
		"A program links the connectors that it uses and nothing of the others; `program` is the size of one that has nothing else (linux/amd64, as `flowc build` makes it).\n\n" +
		"| name | source | sink | program | |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s |\n", c.Name, c.Name, yes(c.Source != nil), yes(c.Sink != nil), linkedSize(sizes, c.Name), cell(c.Summary()))
	}
	b.WriteString("\n")
	for _, c := range all {
		fmt.Fprintf(&b, "## %s\n\n", c.Name)
		writeDoc(&b, c.Manual)
		side(&b, "As a source", c.Source, true)
		side(&b, "As a sink", c.Sink, false)
		if c.Store != nil {
			fmt.Fprintf(&b, "### As a store of checkpoints\n\n%s\n\n", c.StorePromise())
			keyTable(&b, c.Store.Keys)
		}
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// writeDoc writes a package's comment; what is indented there is an example.
func writeDoc(b *bytes.Buffer, doc string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(doc), "\n\n") {
		if strings.HasPrefix(paragraph, "\t") {
			b.WriteString("```yaml\n" + strings.ReplaceAll("\n"+paragraph, "\n\t", "\n")[1:] + "\n```\n\n")
			continue
		}
		if i == 0 {
			paragraph = catalog.Connector{Doc: firstParagraph(paragraph)}.Summary()
		}
		b.WriteString(paragraph + "\n\n")
	}
}

// side writes what there is to know of a source or a sink.
func side(b *bytes.Buffer, title string, s *catalog.Side, source bool) {
	if s == nil {
		return
	}
	fmt.Fprintf(b, "### %s\n\n", title)
	for _, p := range s.Promises(source) {
		b.WriteString(strings.Replace(p, "of a `range` are", "of a [`range`](language.md#a-range) are", 1) + "\n\n")
	}
	if len(s.Keys) == 0 {
		b.WriteString("It has no config.\n\n")
	} else {
		keyTable(b, s.Keys)
	}
	if len(s.Meta) == 0 {
		return
	}
	if source {
		if s.Changes != nil {
			b.WriteString("`meta` beside a change:\n\n")
		} else {
			b.WriteString("`meta` beside a record:\n\n")
		}
	} else {
		b.WriteString("What `meta:` sets beside a record:\n\n")
	}
	b.WriteString("| name | type | meaning |\n| --- | --- | --- |\n")
	for _, k := range s.Meta {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", k.Name, k.Type, cell(k.Doc))
	}
	b.WriteString("\n")
}

// keyTable writes what the keys of a config mean.
func keyTable(b *bytes.Buffer, keys []catalog.Key) {
	b.WriteString("| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, k := range keys {
		fmt.Fprintf(b, "| `%s`%s | %s | %s | %s |\n", k.Name, marks(k), k.Type, code(k.Default), cell(k.Doc))
	}
	b.WriteString("\n")
}

func marks(k catalog.Key) string {
	text := ""
	for _, m := range k.Marks() {
		text += ", *" + m + "*"
	}
	return text
}

// cell makes text fit a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// code is text as code, nothing for none.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}
