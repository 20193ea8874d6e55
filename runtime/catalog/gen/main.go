// Command gen extracts the tables of runtime/catalog from the source of the
// runtime: the modules that it needs, and of the connectors config keys from the
// struct's fields, tags and comments, facts from the methods that a source or
// sink has. It only parses; it links no connector. docs/connectors.md is made of
// the same.
//
// Tags of a config field: json:"name", flowc:"required,secret,per-record,fixed,fields",
// default:"text", values:"a,b", type:"size" where the Go type says too little; what
// `check` refuses: flowc:"positive" or "natural" for numbers, form:"address", "url"
// "dsn", "rooted" or "start" for texts, needs:"key" for a key that means nothing without
// another.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// connectors are the built-ins and where each side's Go is.
var connectors = []struct {
	name, dir    string
	source, sink bool
}{
	{"drop", "drop", false, true},
	{"file", "file", true, true},
	{"generate", "generate", true, false},
	{"http", "http", true, true},
	{"kafka", "kafka", true, true},
	{"log", "log", false, true},
	{"nats", "nats", true, true},
	{"postgres", "postgres", true, true},
	{"sqlite", "sqlite", true, true},
	{"stdin", "stdin", true, false},
	{"stdout", "stdout", false, true},
}

// foreigns are those that talk to components in processes of their own.
var foreigns = []string{"component", "lines"}

// carriers are the connectors that have the two ends of an edge between processes.
var carriers = []string{"kafka", "nats"}

func main() {
	log.SetFlags(0)
	files, err := generate("..", "../..")
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// generate returns the files by their paths from the catalog's folder; runtime
// is the runtime's, module the module's.
func generate(runtime, module string) (map[string][]byte, error) {
	all, err := extract(filepath.Join(runtime, "connect"))
	if err != nil {
		return nil, err
	}
	edges, err := extractCarriers(filepath.Join(runtime, "connect"))
	if err != nil {
		return nil, err
	}
	foreign, envelope, err := extractForeign(filepath.Join(runtime, "connect"))
	if err != nil {
		return nil, err
	}
	tables, err := write(all, edges, foreign, envelope)
	if err != nil {
		return nil, err
	}
	needs, err := modules(runtime, module)
	if err != nil {
		return nil, err
	}
	sizes, err := linked(filepath.Join(runtime, "catalog", "gen", "linked.txt"))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"catalog_gen.go":           tables,
		"modules_gen.go":           needs,
		"../../docs/connectors.md": document(all, sizes),
	}, nil
}

// extract reads the connectors below a folder.
func extract(root string) (all []catalog.Connector, err error) {
	shared, err := parsePackage(root)
	if err != nil {
		return nil, err
	}
	for _, c := range connectors {
		pkg, err := parsePackage(filepath.Join(root, c.dir))
		if err != nil {
			return nil, err
		}
		pkg.shared = shared
		conn := catalog.Connector{Name: c.name, Package: "connect/" + c.dir, Doc: firstParagraph(pkg.doc), Manual: pkg.doc}
		if c.source {
			if conn.Source, err = pkg.side("Source"); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
		if c.sink {
			if conn.Sink, err = pkg.side("Sink"); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
		if pkg.structs["StoreConfig"] != nil {
			if conn.Store, err = pkg.side("Store"); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			conn.Store.Facts = catalog.Facts{Memory: conn.Store.Facts.Memory} // it promises nothing of records
		}
		all = append(all, conn)
	}
	return all, nil
}

// extractCarriers reads the ends of edges.
func extractCarriers(root string) (all []catalog.Connector, err error) {
	shared, err := parsePackage(root)
	if err != nil {
		return nil, err
	}
	for _, name := range carriers {
		pkg, err := parsePackage(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		pkg.shared = shared
		conn := catalog.Connector{Name: "edge-" + name, Package: "connect/" + name, Doc: "Carries records between the processes of a pipeline."}
		if conn.Source, err = pkg.side("EdgeSource"); err != nil {
			return nil, fmt.Errorf("%s: %w", conn.Name, err)
		}
		if conn.Sink, err = pkg.side("EdgeSink"); err != nil {
			return nil, fmt.Errorf("%s: %w", conn.Name, err)
		}
		all = append(all, conn)
	}
	return all, nil
}

// extractForeign reads what talks to components in processes of their own, and the
// envelope of their events.
func extractForeign(root string) (all []catalog.Connector, envelope []catalog.Key, err error) {
	events, err := parsePackage(filepath.Join(root, "foreign"))
	if err != nil {
		return nil, nil, err
	}
	if envelope, err = events.keys("Meta", "", ""); err != nil {
		return nil, nil, err
	}
	for _, name := range foreigns {
		pkg, err := parsePackage(filepath.Join(root, name))
		if err != nil {
			return nil, nil, err
		}
		pkg.shared = events
		conn := catalog.Connector{Name: "foreign-" + name, Package: "connect/" + name, Doc: firstParagraph(pkg.doc)}
		if conn.Source, err = pkg.side("Source"); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", conn.Name, err)
		}
		if conn.Sink, err = pkg.side("Sink"); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", conn.Name, err)
		}
		all = append(all, conn)
	}
	return all, envelope, nil
}
