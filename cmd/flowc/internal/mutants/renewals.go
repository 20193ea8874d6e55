package mutants

// renewals are mutants of what follows files that change: secrets, certificates, and
// the configurations made of them.
var renewals = []Mutant{
	{
		Name: "a file that has changed is never seen",
		File: "runtime/fresh/files.go",
		Old:  "if same(infos, f.taken) {",
		New:  "if same(infos, f.taken) || len(infos) > 0 {",
	},
	{
		Name: "a value that is half written replaces a good one",
		File: "runtime/fresh/files.go",
		Old:  "if !f.settled(now) {",
		New:  "if !f.settled(now) && f.value.Load() == nil {",
	},
	{
		Name: "a value that can't be used replaces a good one",
		File: "runtime/fresh/files.go",
		Old:  "f.complain(\"can't be used\", err)\n\t\treturn\n",
		New:  "f.complain(\"can't be used\", err)\n",
	},
	{
		Name: "a link that was turned to another file is not followed",
		File: "runtime/fresh/files.go",
		Old:  "if !os.SameFile(a[i], b[i]) || ",
		New:  "if ",
	},
	{
		Name: "what can't be made of a configuration replaces what was made before",
		File: "runtime/fresh/made.go",
		Old:  "value = last.value",
		New:  "_ = last.value",
	},
	{
		Name: "a configuration does not follow its files",
		File: "runtime/program/fresh.go",
		Near: "runtime/program TestAgainLeavesWhatWasSet",
		Old:  "if f.Get() != r.texts[i] {\n\t\t\treturn false",
		New:  "if f.Get() != r.texts[i] {\n\t\t\treturn true",
	},
	{
		Name: "a secret whose file is empty is empty",
		File: "runtime/program/fresh.go",
		Near: "runtime/program TestAgainKeepsWhatIsEmptied",
		Old:  "if begun && len(",
		New:  "if !begun && len(",
	},
	{
		Name: "a configuration with a value that can't be used is used",
		File: "runtime/program/fresh.go",
		Near: "runtime/program TestAgainKeepsTheLastGood",
		Old:  "next.config = last.config\n",
		New:  "_ = last.config\n",
	},
	{
		Name: "a value that was set gives way to the file that it stands for",
		File: "runtime/program/fresh.go",
		Near: "runtime/program TestAgainLeavesWhatWasSet",
		Old:  "if !a.assigned[r.Key] {",
		New:  "if !a.assigned[r.Key] || r.Key != \"\" {",
	},
	{
		Name: "HTTP: a token that is gone need not be shown any more",
		File: "runtime/connect/http/guard.go",
		Near: "runtime/connect/http TestGuardStays",
		Old:  `if c.Token != "" && now.Token == "" || c.Verify`,
		New:  `if c.Verify`,
	},
	{
		Name: "HTTP: records go where a file says while the program runs",
		File: "runtime/connect/http/target.go",
		Near: "runtime/connect/http TestURLStaysInItsPlace",
		Old:  "(u.Scheme != was.Scheme || u.Host != was.Host || u.Path != was.Path)",
		New:  "u.Scheme != was.Scheme",
	},
	{
		Name: "HTTP: a login that is refused while it is renewed fails the records",
		File: "runtime/connect/http/sink.go",
		Near: "runtime/connect/http TestLoginReloads",
		Old:  "resp.StatusCode == http.StatusUnauthorized && login.follows",
		New:  "resp.StatusCode == http.StatusUnauthorized && !login.follows",
	},
	{
		Name: "PostgreSQL: a DSN that names another database is followed there",
		File: "runtime/connect/postgres/conn.go",
		Near: "runtime/connect/postgres TestRefreshStaysInItsDatabase",
		Old:  "case config.Host != s.config.Host || config.Port != s.config.Port || config.Database != s.config.Database:",
		New:  `case config.Host == "":`,
	},
	{
		Name: "Kafka: a login that is refused in the course of a run ends it",
		File: "runtime/connect/kafka/link.go",
		Near: "runtime/connect/kafka TestFinal",
		Old:  "!answered.Retriable && !errors.Is(err, kerr.SaslAuthenticationFailed)",
		New:  "!answered.Retriable",
	},
}
