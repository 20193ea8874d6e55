package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// connectTimeout is how long a server may take to let the program in, where the
// DSN does not say it.
const connectTimeout = 10 * time.Second

// A server is a connection that is made anew when it is lost.
type server struct {
	config *pgconn.Config
	dsn    func() string // the present one
	told   bool          // that it can't be used
	conn   *pgconn.PgConn
	// known tells that the server has let the program in before: what it says
	// then (that it has no such database) may be so for a while.
	known bool
}

// newServer reads a DSN, which dsn gives as it is now.
func newServer(dsn func() string) (*server, error) {
	config, err := parse(dsn())
	if err != nil {
		return nil, err
	}
	return &server{config: config, dsn: dsn}, nil
}

func (c SourceConfig) dsn() func() string {
	now := fresh.Or(&c, c.Fresh)
	return func() string { return now().DSN }
}

func (c SinkConfig) dsn() func() string {
	now := fresh.Or(&c, c.Fresh)
	return func() string { return now().DSN }
}

func (c StoreConfig) dsn() func() string {
	now := fresh.Or(&c, c.Fresh)
	return func() string { return now().DSN }
}

// refresh reads the DSN again, and with it the files of certificates and passwords
// that it names: any of them may have changed since the last connection.
func (s *server) refresh() {
	config, err := parse(s.dsn())
	switch {
	case err != nil:
	case config.Host != s.config.Host || config.Port != s.config.Port || config.Database != s.config.Database:
		err = errors.New("it names another database: start the program again to go there")
	default:
		s.config, s.told = config, false
		return
	}
	if !s.told {
		s.told = true
		slog.Warn("dsn, or a file that it names, has changed and can't be used: what it was before stays in use", "server", s.address(), "error", err)
	}
}

// parse reads a DSN.
func parse(dsn string) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		// The error of the library shows what it could not read, passwords hidden as
		// far as it understood them. It is not repeated here.
		return nil, errors.New("dsn is none: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, or host=… user=… dbname=…")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	// A machine that went without a word is missed after half a minute.
	dialer := &net.Dialer{Timeout: config.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	config.DialFunc = dialer.DialContext
	// What values look like depends on these.
	for name, value := range map[string]string{"TimeZone": "UTC", "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "client_encoding": "UTF8"} {
		for have := range config.RuntimeParams {
			if strings.EqualFold(have, name) {
				delete(config.RuntimeParams, have)
			}
		}
		config.RuntimeParams[name] = value
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "flowc"
	}
	return config, nil
}

// address is the server's, for messages.
func (s *server) address() string {
	if strings.HasPrefix(s.config.Host, "/") {
		return s.config.Host
	}
	return net.JoinHostPort(s.config.Host, strconv.Itoa(int(s.config.Port)))
}

// alive tells whether there is a connection.
func (s *server) alive() bool { return s.conn != nil && !s.conn.IsClosed() }

// connect makes a connection where there is none.
func (s *server) connect(ctx context.Context) error {
	if s.alive() {
		return nil
	}
	s.refresh()
	conn, err := pgconn.ConnectConfig(ctx, s.config)
	if err != nil {
		return s.failed(ctx, err)
	}
	s.conn = conn
	// A commit that was answered is on the server's disk.
	if _, err := s.exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"); err != nil {
		s.close()
		return err
	}
	s.known = true
	return nil
}

// close closes the connection, and does not wait for a server that does not
// answer.
func (s *server) close() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
	s.conn = nil
}

// exec runs statements without parameters and returns the rows of the last one
// that has some.
func (s *server) exec(ctx context.Context, sql string) (rows [][][]byte, err error) {
	return s.rows(ctx, s.conn.Exec(ctx, sql))
}

// rows reads what statements give, to the end.
func (s *server) rows(ctx context.Context, answer *pgconn.MultiResultReader) (rows [][][]byte, err error) {
	results, err := answer.ReadAll()
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	for _, r := range results {
		if len(r.FieldDescriptions) > 0 {
			rows = r.Rows
		}
	}
	return rows, nil
}

// query runs a statement with parameters, which are texts.
func (s *server) query(ctx context.Context, sql string, args ...string) (rows [][][]byte, err error) {
	params := make([][]byte, len(args))
	for i, a := range args {
		params[i] = []byte(a)
	}
	r := s.conn.ExecParams(ctx, sql, params, nil, nil, nil).Read()
	return r.Rows, s.failed(ctx, r.Err)
}

// failed makes an error of the library's one that the engine understands.
func (s *server) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil { // the program stops
		return ctx.Err()
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var cert *tls.CertificateVerificationError
		if errors.As(err, &cert) && !s.known {
			return &table.ConfigError{Err: fmt.Errorf("%s: %w", s.address(), cert)}
		}
		return &table.GoneError{Err: fmt.Errorf("%s: %w", s.address(), cause(err))}
	}
	said := saidBy(e)
	named := fmt.Errorf("%s: %w", s.address(), said)
	switch class := e.Code[:min(2, len(e.Code))]; {
	case class == "23" || class == "44" || own(class):
		return &table.RowError{Name: "constraint", Err: said}
	case class == "22" || class == "54" || e.Code == "21000": // 54: an index entry that is too long
		return &table.RowError{Name: "value", Err: said}
	case class == "08", class == "57" && e.Code != "57014", e.Code == "53300", e.Code == "25006":
		return &table.GoneError{Err: named} // it stops, starts, is full, or is a standby
	case class == "40", class == "53", class == "55", class == "58", e.Code == "57014":
		return &table.BusyError{Err: named}
	case s.known && (class == "28" || class == "3D"):
		return &table.GoneError{Err: named}
	}
	return &table.ConfigError{Err: named}
}

// own tells whether an error's class is of the database's own code: what a trigger
// raises. Classes that begin so are left to implementations by the standard, and
// of these PostgreSQL has some itself.
func own(class string) bool {
	switch class {
	case "53", "54", "55", "57", "58", "72", "XX", "":
		return false
	case "45": // the standard's own for this
		return true
	}
	c := class[0]
	return c >= '5' && c <= '9' || c >= 'I' && c <= 'Z'
}

// A serverError is what a server said, on one line.
type serverError struct {
	text string
	*pgconn.PgError
}

func (e *serverError) Error() string { return e.text }

// Unwrap is the library's.
func (e *serverError) Unwrap() error { return e.PgError }

func saidBy(e *pgconn.PgError) error {
	text := e.Message
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return &serverError{strings.ReplaceAll(text, "\n", " ") + " (SQLSTATE " + e.Code + ")", e}
}

// cause is the innermost error that says something: the library puts user and
// database before it, and one line for each address that it tried.
func cause(err error) error {
	var connecting *pgconn.ConnectError
	if !errors.As(err, &connecting) {
		return err
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return network
	}
	return errors.New(strings.Join(strings.Fields(connecting.Unwrap().Error()), " "))
}

// TableName is the name of a table, perhaps with its schema, as SQL writes it.
func TableName(text string) string {
	schema, name, ok := strings.Cut(text, ".")
	if !ok {
		return table.Quote(text)
	}
	return table.Quote(schema) + "." + table.Quote(name)
}
