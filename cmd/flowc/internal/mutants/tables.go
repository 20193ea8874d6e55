package mutants

// tables are mutants of the connectors of databases.
var tables = []Mutant{
	{
		Name: "SQLite: the checkpoint of another generation is replaced",
		File: "runtime/connect/sqlite/keep.go",
		Old:  "checkpoint = ?3 WHERE generation = ?4 RETURNING 1",
		New:  "checkpoint = ?3 RETURNING 1",
	},
	{
		Name: "SQLite: a copy that is fenced commits its records",
		File: "runtime/connect/sqlite/keep.go",
		Old:  "s.abandon()\n\t\treturn flow.ErrFenced",
		New:  "_ = s.commit()\n\t\treturn flow.ErrFenced",
	},
	{
		Name: "SQLite: records are committed before their checkpoint",
		File: "runtime/connect/sqlite/keep.go",
		Old:  "if err := s.begin(); err != nil { // there is",
		New:  "_ = s.commit()\n\tif err := s.begin(); err != nil { // there is",
	},
	{
		Name: "SQLite: what was not committed at the end is",
		File: "runtime/connect/sqlite/sink.go",
		Old:  "if s.inside {\n\t\ts.abandon()",
		New:  "if s.inside {\n\t\t_ = s.commit()",
	},
	{
		Name: "SQLite: a transaction that is lost is not written again",
		File: "runtime/connect/sqlite/sink.go",
		Old:  "s.kept.Add(record)",
		New:  "s.kept.Clear()",
	},
	{
		Name: "SQLite: a record that is refused is taken for the next one",
		File: "runtime/connect/sqlite/sink.go",
		Old:  "failed[i] = err\n\t}\n\tif failed != nil",
		New:  "failed[i+1] = err\n\t}\n\tif failed != nil",
	},
	{
		Name: "SQLite: what is behind a record that was given up is taken for written",
		File: "runtime/connect/sqlite/sink.go",
		Old:  "for i := at + 1; i < count; i++ {",
		New:  "for i := at + 1; i < at; i++ {",
	},
	{
		Name: "SQLite: commits are not on disk when they return",
		File: "runtime/connect/sqlite/sink.go",
		Old:  "PRAGMA synchronous = FULL",
		New:  "PRAGMA synchronous = OFF",
	},
	{
		Name: "PostgreSQL: the checkpoint of another generation is replaced",
		File: "runtime/connect/postgres/keep.go",
		Old:  " WHERE c.generation = $4::text::bigint RETURNING 1",
		New:  " RETURNING 1",
	},
	{
		Name: "PostgreSQL: a commit on its way is not waited for",
		File: "runtime/connect/postgres/keep.go",
		Old:  " WHERE pipeline = $1 FOR UPDATE",
		New:  " WHERE pipeline = $1",
	},
	{
		Name: "PostgreSQL: a commit without an answer is taken for lost",
		File: "runtime/connect/postgres/sink.go",
		Old:  "s.doubt = s.xid",
		New:  `s.doubt = ""`,
	},
	{
		Name: "PostgreSQL: a transaction that is lost is not written again",
		File: "runtime/connect/postgres/sink.go",
		Old:  "s.kept.Add(o.Data[from:end])",
		New:  "s.kept.Clear()",
	},
	{
		Name: "PostgreSQL: the search for the record that is refused skips one",
		File: "runtime/connect/postgres/sink.go",
		Old:  "return s.writeRange(ctx, middle, last+1)",
		New:  "return s.writeRange(ctx, middle+1, last+1)",
	},
	{
		Name: "PostgreSQL: a record that is refused takes those before it away",
		File: "runtime/connect/postgres/sink.go",
		Old:  "first := s.fresh || !s.inside",
		New:  "first := true",
	},
	{
		Name: "PostgreSQL: a record that is refused takes a new table away",
		File: "runtime/connect/postgres/tables.go",
		Old:  "s.fresh = false // what",
		New:  "s.fresh = true // what",
	},
	{
		Name: "PostgreSQL: a lost connection is not told where the checkpoint went with it",
		File: "runtime/connect/postgres/sink.go",
		Old:  "if s.keeps() && held && lostItself(err) {",
		New:  "if s.keeps() && !held && lostItself(err) {",
	},
	{
		Name: "PostgreSQL: backslashes mean something to COPY",
		File: "runtime/connect/postgres/packet.go",
		Old:  `, '\\': '\\'}`,
		New:  `}`,
	},
	{
		Name: "PostgreSQL: of two records with a key the first one wins",
		File: "runtime/connect/postgres/packet.go",
		Old:  "kept--\n\t\t\trecords[kept] = records[n]",
		New:  "kept--\n\t\t\trecords[kept] = records[max(n-1, 0)]",
	},
	{
		Name: "tables are read anew after a restart",
		File: "runtime/connect/table/reader.go",
		Old:  "r.after = p.Key",
		New:  "_ = p.Key",
	},
	{
		Name: "the position in a table is that before the page",
		File: "runtime/connect/table/reader.go",
		Old:  "r.after = page.Last",
		New:  "defer func() { r.after = page.Last }()",
	},
	{
		Name: "the last page of a table is not read",
		File: "runtime/connect/table/reader.go",
		Old:  "if page.Rows == 0 {",
		New:  "if page.Rows == 0 || !page.More && r.every == 0 {",
	},
	{
		Name: "records that are written again hold those before them",
		File: "runtime/connect/table/kept.go",
		Old:  "from = k.ends[i-1]",
		New:  "from = k.ends[0]",
	},
}
