package analyze

import (
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// A Chosen is a key of a sink's config that each record has a value of its own for.
type Chosen struct {
	// Key is the key, Value what the pipeline says: events_${in.Kind}.
	Key   string `json:"key"`
	Value string `json:"value"`
	// Means says in words what that does to order, promise and memory.
	Means string `json:"means"`
}

// meansOf says of a key what a value of each record's own means, by the key's name:
// connectors call the same thing by the same word.
var meansOf = map[string]string{
	"table": "Each value has a table of its own. Order is kept inside each table, and what is promised holds for all of them together. " +
		"The records decide how many there are; the sink stays ready to write to those that were used last.",
	"path": "Each value has a file of its own. Order is kept inside each file, and what is promised holds for all of them together. " +
		"The records decide how many there are: those that were used last stay open, and the little that is remembered of each is not in the bound of the memory.",
	"topic": "Each value is a topic of its own. Order is kept inside the partitions of each topic, and none between topics; " +
		"what is promised holds for all of them together.",
	"subject": "Each value is a subject of its own, and order is kept inside each of them.",
	"key":     "Records with the same key stay in their order.",
	"url":     "Each value is a place of its own that requests go to, and no request has records of two.",
}

// chosen are the keys that each record of a sink has a value of its own for.
func chosen(config []ir.Setting) (list []Chosen) {
	for _, s := range config {
		if s.Value != nil && s.Value.PerRecord() {
			list = append(list, Chosen{Key: s.Key, Value: written(s.Value), Means: meansOf[s.Key]})
		}
	}
	return list
}

// written is a value as the pipeline has it.
func written(v *ir.Value) string {
	var b strings.Builder
	for _, p := range v.Parts {
		switch p.Kind {
		case ir.Literal:
			b.WriteString(p.Text)
			continue
		case ir.Env:
			b.WriteString("${env:" + p.Text)
			if p.HasDefault {
				b.WriteString(":-" + p.Default)
			}
		case ir.FileRef:
			b.WriteString("${file:" + p.Text)
		case ir.Record:
			b.WriteString("${" + p.Expr.Text)
		}
		b.WriteString("}")
	}
	return b.String()
}
