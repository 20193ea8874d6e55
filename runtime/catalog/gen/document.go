package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// document returns the text of docs/connectors.md; docs are the comments of the
// connectors' packages, sizes those of programs that link them.
func document(all []catalog.Connector, docs []string, sizes map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString("# Connectors\n\n" +
		"<!-- Generated from the connectors' source by runtime/catalog/gen. DO NOT EDIT. -->\n\n" +
		"The built-in sources and sinks: what `use:` may name, the keys of their `config:`, and what each promises.\n" +
		"Keys marked *fixed* are part of the program; all others can be changed when it starts (`--set NODE.config.KEY=VALUE`).\n" +
		"Keys marked *per record* take `${in.Field}`, `${or(in.Field, …)}` and `${meta.Key}`. Keys marked *secret* take references alone (`${env:NAME}`, `${file:PATH}`).\n\n" +
		"A program links the connectors that it uses and nothing of the others; `program` is the size of one that has nothing else (linux/amd64, as `flowc build` makes it).\n\n" +
		"| name | source | sink | program | |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s |\n", c.Name, c.Name, yes(c.Source != nil), yes(c.Sink != nil), linkedSize(sizes, c.Name), cell(sentence(c.Doc)))
	}
	b.WriteString("\n")
	for i, c := range all {
		fmt.Fprintf(&b, "## %s\n\n", c.Name)
		writeDoc(&b, docs[i])
		side(&b, "As a source", c.Source, true)
		side(&b, "As a sink", c.Sink, false)
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// sentence is a package's comment without the words that Go wants at its begin.
func sentence(doc string) string {
	rest, ok := strings.CutPrefix(doc, "Package ")
	if !ok {
		return doc
	}
	_, rest, _ = strings.Cut(rest, " ")
	rest = strings.TrimPrefix(rest, "is ")
	return strings.ToUpper(rest[:1]) + rest[1:]
}

// writeDoc writes a package's comment; what is indented there is an example.
func writeDoc(b *bytes.Buffer, doc string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(doc), "\n\n") {
		if strings.HasPrefix(paragraph, "\t") {
			b.WriteString("```yaml\n" + strings.ReplaceAll("\n"+paragraph, "\n\t", "\n")[1:] + "\n```\n\n")
			continue
		}
		if i == 0 {
			paragraph = sentence(firstParagraph(paragraph))
		}
		b.WriteString(paragraph + "\n\n")
	}
}

// side writes what there is to know of a source or a sink.
func side(b *bytes.Buffer, title string, s *catalog.Side, source bool) {
	if s == nil {
		return
	}
	fmt.Fprintf(b, "### %s\n\n%s\n\n", title, promise(s.Facts, memory(s), source))
	for _, v := range s.Variants {
		with := "With"
		if !v.Given {
			with = "Without"
		}
		fmt.Fprintf(b, "%s `%s`: %s\n\n", with, v.Key, promise(v.Facts, 0, source))
	}
	if len(s.Keys) == 0 {
		b.WriteString("It has no config.\n\n")
	} else {
		b.WriteString("| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
		for _, k := range s.Keys {
			fmt.Fprintf(b, "| `%s`%s | %s | %s | %s |\n", k.Name, marks(k), k.Type, code(k.Default), cell(k.Doc))
		}
		b.WriteString("\n")
	}
	if len(s.Meta) == 0 {
		return
	}
	if source {
		b.WriteString("`meta` beside a record:\n\n")
	} else {
		b.WriteString("What `meta:` sets beside a record:\n\n")
	}
	b.WriteString("| name | type | meaning |\n| --- | --- | --- |\n")
	for _, k := range s.Meta {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", k.Name, k.Type, cell(k.Doc))
	}
	b.WriteString("\n")
}

func marks(k catalog.Key) string {
	text := ""
	for _, m := range []struct {
		is   bool
		word string
	}{{k.Required, "required"}, {k.Secret, "secret"}, {k.PerRecord, "per record"}, {k.Fixed, "fixed"}} {
		if m.is {
			text += ", *" + m.word + "*"
		}
	}
	return text
}

// promise says in words what facts mean.
func promise(f catalog.Facts, memory int64, source bool) string {
	var s []string
	if source {
		switch {
		case f.Answers:
			s = append(s, "Each sender is answered when its records are safe: at least once.")
		case f.Replayable:
			s = append(s, "It goes back to its checkpoint after a crash: at least once, effectively once into a sink that keeps the checkpoint with its records.")
		case f.Acks:
			s = append(s, "What was not acknowledged comes again: at least once.")
		default:
			s = append(s, "What it has read and not yet written is lost when the program dies: at most once.")
		}
		switch {
		case f.Depends:
			s = append(s, "Whether it ends by itself depends on its config.")
		case f.Endless:
			s = append(s, "It never ends by itself.")
		default:
			s = append(s, "It ends with its input.")
		}
		if !f.Ordered {
			s = append(s, "Its records have no order.")
		}
	} else {
		switch {
		case f.Keeper:
			s = append(s, "It commits the checkpoint with its records: effectively once from a source that can go back.")
			if f.KeyIdempotent {
				s = append(s, "One sink of a pipeline does; of the others, and behind a source that can't go back, some records may be there twice after a crash, unless they have a `key`, by which a record takes its own place.")
			}
		case f.Transactional:
			s = append(s, "It keeps what it wrote and the checkpoint as one: effectively once from a source that can go back.")
		case f.KeyIdempotent:
			s = append(s, "With a `key` (and no `mode: insert`) a record that comes twice counts once: effectively once from a source that can go back. Without, some records may be there twice after a crash: at least once.")
		case f.Idempotent:
			s = append(s, "A record that comes twice counts once: effectively once from a source that can go back.")
		default:
			s = append(s, "After a crash some records may be there twice: at least once.")
		}
	}
	if memory > 0 {
		s = append(s, "It holds up to "+size(memory)+" itself.")
	}
	return strings.Join(s, " ")
}

// memory is what a side may hold with its defaults.
func memory(s *catalog.Side) int64 {
	bytes := s.Facts.Memory
	for _, k := range s.Keys {
		if n, ok := catalog.ParseSize(k.Default); ok {
			bytes += n * k.Holds
		}
	}
	return bytes
}

func size(n int64) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
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
