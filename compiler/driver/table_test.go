package driver

import "github.com/flowc-dev/flowc/runtime/catalog"

// testConnectors are like the built-ins and as small as tests need them, so that
// a key more or less in a connector changes no test of the compiler.
var testConnectors = []*catalog.Connector{
	{
		Name: "file", Package: "connect/file",
		Source: &catalog.Side{
			Config: "SourceConfig", New: "NewSource", Formats: []string{"ndjson", "json", "csv", "text", "bytes"},
			Keys: []catalog.Key{
				{Name: "path", Go: "Path", Type: "string", Required: true, Doc: "The file, or a glob."},
				{Name: "compression", Go: "Compression", Type: "string", Values: []string{"none", "gzip", "zstd"}},
				{Name: "follow", Go: "Follow", Type: "bool"},
				{Name: "max_record", Go: "MaxRecord", Type: "size", Default: "4MiB", Positive: true},
			},
			Meta:  []catalog.Key{{Name: "path", Go: "Path", Type: "string"}, {Name: "line", Go: "Line", Type: "int64"}, {Name: "offset", Go: "Offset", Type: "int64"}},
			Range: &catalog.Range{Bounds: []string{"name"}, Without: []string{"follow"}},
			Facts: catalog.Facts{Replayable: true, Ordered: true, Depends: true},
		},
		Sink: &catalog.Side{
			Config: "SinkConfig", New: "NewSink", Formats: []string{"ndjson", "json", "csv", "text", "bytes"},
			Keys: []catalog.Key{
				{Name: "path", Go: "Path", Type: "string", Required: true, PerRecord: true},
				{Name: "mode", Go: "Mode", Type: "string", Values: []string{"append", "replace"}},
			},
		},
	},
	{Name: "stdin", Package: "connect/std", Source: &catalog.Side{Config: "SourceConfig", Formats: []string{"ndjson", "json", "csv", "text", "bytes"}, Facts: catalog.Facts{Ordered: true}}},
	{Name: "stdout", Package: "connect/std", Sink: &catalog.Side{Config: "SinkConfig", Formats: []string{"ndjson", "json", "csv", "text", "bytes"}}},
	{Name: "drop", Package: "connect/drop", Sink: &catalog.Side{}},
	{Name: "log", Package: "connect/log", Sink: &catalog.Side{Config: "SinkConfig", Keys: []catalog.Key{{Name: "level", Go: "Level", Type: "string", Values: []string{"debug", "info", "warn", "error"}}}}},
	{Name: "generate", Package: "connect/generate", Source: &catalog.Side{Config: "SourceConfig", New: "NewSource", Keys: []catalog.Key{
		{Name: "count", Go: "Count", Type: "int64", Natural: true}, {Name: "rate", Go: "Rate", Type: "float64", Natural: true}, {Name: "seed", Go: "Seed", Type: "uint64"},
	}, Range: &catalog.Range{Bounds: []string{"number"}}, Facts: catalog.Facts{Replayable: true, Ordered: true, Depends: true}}},
	{
		Name: "http", Package: "connect/http",
		Source: &catalog.Side{Config: "SourceConfig", Formats: []string{"ndjson", "json", "csv"}, Keys: []catalog.Key{
			{Name: "listen", Go: "Listen", Type: "string", Form: "address"},
			{Name: "url", Go: "URL", Type: "string", Form: "url"},
			{Name: "path", Go: "Path", Type: "string", Form: "rooted", Needs: "listen"},
			{Name: "max_requests", Go: "MaxRequests", Type: "int", Needs: "listen"},
			{Name: "tls.cert", Go: "TLS.Cert", Type: "string"},
			{Name: "tls.key", Go: "TLS.Key", Type: "string", Secret: true},
			{Name: "idempotency_key", Go: "IdempotencyKey", Type: "string", Needs: "listen"},
			{Name: "verify.secret", Go: "Verify.Secret", Type: "string", Secret: true, Needs: "listen"},
			{Name: "verify.value", Go: "Verify.Value", Type: "string", Needs: "verify.secret"},
			{Name: "verify.over", Go: "Verify.Over", Type: "string", Needs: "verify.secret"},
			{Name: "verify.time_header", Go: "Verify.TimeHeader", Type: "string", Needs: "verify.secret"},
			{Name: "every", Go: "Every", Type: "duration", Positive: true, Fixed: true, Needs: "url"},
			{Name: "records", Go: "Records", Type: "string", Fixed: true, Needs: "url"},
			{Name: "next", Go: "Next", Type: "string", Fixed: true, Needs: "url"},
			{Name: "next_param", Go: "NextParam", Type: "string", Fixed: true, Needs: "next"},
			{Name: "cursor", Go: "Cursor", Type: "string", Fixed: true, Needs: "url"},
			{Name: "cursor_field", Go: "CursorField", Type: "string", Fixed: true, Needs: "cursor"},
			{Name: "headers", Go: "Headers", Type: "map of string", Needs: "url"},
			{Name: "timeout", Go: "Timeout", Type: "duration", Default: "30s", Positive: true, Needs: "url"},
		}, Meta: []catalog.Key{{Name: "remote", Go: "Remote", Type: "string"}, {Name: "headers", Go: "Headers", Type: "map of string"}}, Facts: catalog.Facts{Endless: true, Answers: true}, Variants: []catalog.Variant{
			{Key: "cursor", Given: true, Facts: catalog.Facts{Acks: true, Replayable: true, Ordered: true, Depends: true}},
			{Key: "every", Given: true, Facts: catalog.Facts{Ordered: true, Endless: true}},
			{Key: "url", Given: true, Facts: catalog.Facts{Acks: true, Ordered: true}},
		}},
		Sink: &catalog.Side{Config: "SinkConfig", Formats: []string{"json", "ndjson"}, Keys: []catalog.Key{
			{Name: "url", Go: "URL", Type: "string", Required: true, Form: "url"},
			{Name: "headers", Go: "Headers", Type: "map of string"},
			{Name: "token", Go: "Token", Type: "string", Secret: true},
			{Name: "timeout", Go: "Timeout", Type: "duration", Default: "30s", Positive: true},
			{Name: "single", Go: "Single", Type: "bool", Fixed: true},
			{Name: "bulk.as", Go: "Bulk.As", Type: "string", Values: []string{"elasticsearch"}, Fixed: true},
			{Name: "results.items", Go: "Results.Items", Type: "string", Fixed: true},
			{Name: "results.status", Go: "Results.Status", Type: "string", Fixed: true},
			{Name: "sign.secret", Go: "Sign.Secret", Type: "string", Secret: true},
			{Name: "sign.as", Go: "Sign.As", Type: "string", Values: []string{"github", "stripe", "slack", "standard"}, Needs: "sign.secret"},
			{Name: "sign.over", Go: "Sign.Over", Type: "string", Needs: "sign.secret"},
			{Name: "sign.id_header", Go: "Sign.IDHeader", Type: "string", Needs: "sign.secret"},
		}, Meta: []catalog.Key{{Name: "id", Go: "ID", Type: "string"}}},
	},
	{
		Name: "kafka", Package: "connect/kafka",
		Source: &catalog.Side{Config: "SourceConfig", Messages: true, Formats: []string{"json", "ndjson", "text", "bytes"}, Keys: []catalog.Key{
			{Name: "brokers", Go: "Brokers", Type: "[string]", Required: true},
			{Name: "topics", Go: "Topics", Type: "[string]", Required: true},
			{Name: "group", Go: "Group", Type: "string", Fixed: true},
			{Name: "start", Go: "Start", Type: "string", Form: "start"},
		}, Range: &catalog.Range{Bounds: []string{"number", "time"}, Without: []string{"start", "group"}}, Facts: catalog.Facts{Replayable: true, Ordered: true, Endless: true}},
	},
	{
		Name: "nats", Package: "connect/nats",
		Source: &catalog.Side{Config: "SourceConfig", Messages: true, Formats: []string{"json", "ndjson", "text", "bytes"}, Keys: []catalog.Key{
			{Name: "stream", Go: "Stream", Type: "string"},
			{Name: "subject", Go: "Subject", Type: "string"},
		}, Range: &catalog.Range{Bounds: []string{"number", "time"}, Needs: "stream"}, Facts: catalog.Facts{Replayable: true, Ordered: true, Endless: true}},
	},
	{
		Name: "sqlite", Package: "connect/sqlite",
		Store: &catalog.Side{Config: "StoreConfig", New: "NewStore", Keys: []catalog.Key{{Name: "path", Go: "Path", Type: "string", Required: true, Doc: "The file."}}},
		Source: &catalog.Side{Config: "SourceConfig", Table: true, Formats: []string{"ndjson"}, Keys: []catalog.Key{
			{Name: "path", Go: "Path", Type: "string", Required: true},
			{Name: "dsn", Go: "DSN", Type: "string", Secret: true, Form: "dsn"},
			{Name: "table", Go: "Table", Type: "string"},
			{Name: "query", Go: "Query", Type: "string"},
			{Name: "key", Go: "Key", Type: "string", Required: true},
			{Name: "every", Go: "Every", Type: "duration", Natural: true, Fixed: true},
		}, Range: &catalog.Range{Bounds: []string{"key"}, Without: []string{"every"}}, Facts: catalog.Facts{Replayable: true, Ordered: true, Depends: true}},
		Sink: &catalog.Side{Config: "SinkConfig", Table: true, Formats: []string{"table"}, Keys: []catalog.Key{
			{Name: "path", Go: "Path", Type: "string", Required: true},
			{Name: "table", Go: "Table", Type: "string", Required: true, PerRecord: true},
			{Name: "key", Go: "Key", Type: "[string]", Fields: true, Fixed: true},
			{Name: "mode", Go: "Mode", Type: "string", Values: []string{"insert", "upsert"}, Fixed: true},
		}, Facts: catalog.Facts{Ordered: true, KeyIdempotent: true}, Changes: &catalog.Facts{Ordered: true, KeyIdempotent: true}},
	},
	{
		Name: "postgres", Package: "connect/postgres",
		Store: &catalog.Side{Config: "StoreConfig", New: "NewStore", Keys: []catalog.Key{
			{Name: "dsn", Go: "DSN", Type: "string", Required: true, Secret: true, Form: "dsn"},
			{Name: "tls.ca", Go: "TLS.CA", Type: "string"},
			{Name: "user", Go: "User", Type: "string"},
			{Name: "password", Go: "Password", Type: "string", Secret: true, Needs: "user"},
		}},
		Source: &catalog.Side{
			Config: "SourceConfig", Table: true, Formats: []string{"ndjson"}, Keys: []catalog.Key{
				{Name: "dsn", Go: "DSN", Type: "string", Required: true, Secret: true, Form: "dsn"},
				{Name: "table", Go: "Table", Type: "string"},
				{Name: "query", Go: "Query", Type: "string", Only: "rows"},
				{Name: "key", Go: "Key", Type: "string", Required: true, Only: "rows"},
				{Name: "every", Go: "Every", Type: "duration", Natural: true, Fixed: true, Only: "rows"},
				{Name: "slot", Go: "Slot", Type: "string", Fixed: true, Only: "changes"},
			}, Meta: []catalog.Key{{Name: "lsn", Go: "LSN", Type: "string"}},
			Facts:   catalog.Facts{Replayable: true, Ordered: true, Depends: true},
			Range:   &catalog.Range{Bounds: []string{"key"}},
			Changes: &catalog.Facts{Acks: true, Replayable: true, Ordered: true, PrunesOnAck: true, Endless: true},
		},
		Sink: &catalog.Side{Config: "SinkConfig", Table: true, Formats: []string{"table"}, Keys: []catalog.Key{
			{Name: "dsn", Go: "DSN", Type: "string", Required: true, Secret: true, Form: "dsn"},
			{Name: "table", Go: "Table", Type: "string", Required: true, PerRecord: true},
			{Name: "key", Go: "Key", Type: "[string]", Fields: true, Fixed: true},
		}, Facts: catalog.Facts{Ordered: true, KeyIdempotent: true}},
	},
}
