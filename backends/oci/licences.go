package oci

// licences are those of the modules that programs have by their connectors, and
// of what every program has, as SPDX writes them. Of a module of the user's
// nothing is known without looking into it, and nothing is said.
var licences = map[string]string{
	"std":                               "BSD-3-Clause",
	flowcModule:                         "Apache-2.0",
	rootsModule:                         "BSD-3-Clause",
	"github.com/andybalholm/brotli":     "MIT",
	"github.com/dustin/go-humanize":     "MIT",
	"github.com/google/uuid":            "BSD-3-Clause",
	"github.com/jackc/pgpassfile":       "MIT",
	"github.com/jackc/pgservicefile":    "MIT",
	"github.com/jackc/pgx/v5":           "MIT",
	"github.com/klauspost/compress":     "Apache-2.0 AND BSD-3-Clause AND MIT",
	"github.com/mattn/go-isatty":        "MIT",
	"github.com/nats-io/nats.go":        "Apache-2.0",
	"github.com/nats-io/nkeys":          "Apache-2.0",
	"github.com/nats-io/nuid":           "Apache-2.0",
	"github.com/ncruces/go-strftime":    "MIT",
	"github.com/parquet-go/bitpack":     "Apache-2.0",
	"github.com/parquet-go/jsonlite":    "MIT",
	"github.com/parquet-go/parquet-go":  "Apache-2.0",
	"github.com/pierrec/lz4/v4":         "BSD-3-Clause",
	"github.com/remyoudompheng/bigfft":  "BSD-3-Clause",
	"github.com/twmb/franz-go":          "BSD-3-Clause",
	"github.com/twmb/franz-go/pkg/kadm": "BSD-3-Clause",
	"github.com/twmb/franz-go/pkg/kmsg": "BSD-3-Clause",
	"github.com/twpayne/go-geom":        "BSD-2-Clause",
	"golang.org/x/crypto":               "BSD-3-Clause",
	"golang.org/x/sys":                  "BSD-3-Clause",
	"golang.org/x/text":                 "BSD-3-Clause",
	"google.golang.org/protobuf":        "BSD-3-Clause",
	"modernc.org/libc":                  "BSD-3-Clause",
	"modernc.org/mathutil":              "BSD-3-Clause",
	"modernc.org/memory":                "BSD-3-Clause",
	"modernc.org/sqlite":                "BSD-3-Clause",
}
