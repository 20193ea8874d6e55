package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// Cases with SQLite: NAME.db.sql makes a database for the program to read, and what
// it wrote into NAME.db is compared as text, NAME.db.txt.

// makeDatabases runs the .sql files of a folder.
func makeDatabases(t *testing.T, dir string) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(dir, "*.db.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		text, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		db := openSQLite(t, strings.TrimSuffix(s, ".sql"))
		if _, err := db.Exec(string(text)); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func openSQLite(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// dumpSQLite is what is in a database: the statements that made it, and the rows
// of each table in order.
func dumpSQLite(t *testing.T, path string) []byte {
	t.Helper()
	db := openSQLite(t, path)
	defer db.Close()
	var b strings.Builder
	for _, row := range query(t, db, `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name`) {
		b.WriteString(row + "\n")
	}
	for _, name := range query(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`) {
		b.WriteString("\n" + name + "\n")
		columns := "*"
		if only, ok := steadyColumns[name]; ok {
			columns = only
		}
		rows := query(t, db, `SELECT `+columns+` FROM "`+strings.ReplaceAll(name, `"`, `""`)+`"`)
		slices.Sort(rows)
		for _, row := range rows {
			b.WriteString("  " + row + "\n")
		}
	}
	return []byte(b.String())
}

// query gives rows as text, their values as SQL writes them where there are
// several.
func query(t *testing.T, db *sql.DB, text string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, places := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		places[i] = &values[i]
	}
	var out []string
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = literal(v)
		}
		if len(values) == 1 {
			texts[0] = fmt.Sprint(values[0])
		}
		out = append(out, strings.Join(texts, ", "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case []byte:
		return fmt.Sprintf("x'%x'", v)
	}
	return fmt.Sprint(v)
}
