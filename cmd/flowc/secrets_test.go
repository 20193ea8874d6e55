package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// No secret of a pipeline is printed, served or kept, however its connectors fail.
//
// What is tried comes from the catalog: each connector with each of its keys that are
// secret, or that say where a server is and may have a password in them, taken from
// the environment, and once from a file. So a connector that is added is tried as well, without a
// word here. Servers are away, close connections, send back what they were sent, speak
// another protocol, refuse the login; addresses are malformed.
func TestSecretsStaySecret(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	tried := map[string]bool{}
	for _, c := range catalog.Connectors {
		for role, side := range map[string]*catalog.Side{"source": c.Source, "sink": c.Sink} {
			if side == nil {
				continue
			}
			for _, s := range secretSides(t, c, role, side) {
				for _, k := range s.secrets {
					tried[role+" "+c.Name+" "+k.Name] = true
				}
				t.Run(s.name, func(t *testing.T) {
					t.Parallel() // most of it is waiting
					s.run(t)
				})
			}
			for _, k := range side.Keys {
				if k.Secret && !tried[role+" "+c.Name+" "+k.Name] {
					t.Errorf("no pipeline with the secret `%s` of the %s %s compiles, so nothing is known of it: give secretSides what it needs", k.Name, role, c.Name)
				}
			}
		}
	}
	if len(tried) < 15 {
		t.Errorf("only %d keys were tried", len(tried))
	}
}

// A secretSide is a pipeline with a connector and all of its secrets.
type secretSide struct {
	name, connector, role string
	yaml                  string
	secrets               []catalog.Key // set by the variables of their names, or by files
	places                []catalog.Key // say where a server is, set so as well
}

// secretSides makes pipelines with a side's secrets: one for each key that chooses
// what the connector does with it (to listen or to ask), as far as they compile.
func secretSides(t *testing.T, c *catalog.Connector, role string, side *catalog.Side) (sides []*secretSide) {
	t.Helper()
	var choices []*catalog.Key
	for i := range side.Keys {
		if k := &side.Keys[i]; !k.Required && k.Form != "" && k.Form != "start" && k.Form != "rooted" {
			choices = append(choices, k)
		}
	}
	if len(choices) == 0 {
		choices = append(choices, nil)
	}
	for _, choice := range choices {
		s := &secretSide{name: c.Name + " " + role, connector: c.Name, role: role}
		if choice != nil {
			s.name += " " + choice.Name
		}
		given := map[string]string{}
		for i := range side.Keys {
			k := &side.Keys[i]
			if k.Required || k == choice || k.Name == "subject" || k.Name == "table" { // without which a source asks for nothing
				s.fill(k, given)
			}
		}
		if !s.compiles(t, given) && choice != nil {
			continue
		}
		for _, k := range side.Keys {
			if !k.Secret || given[k.Name] != "" {
				continue
			}
			more := map[string]string{}
			for name, value := range given {
				more[name] = value
			}
			more[k.Name] = quotedVariable(k.Name)
			s.group(side, k, more)
			if s.compiles(t, more) {
				given, s.secrets = more, append(s.secrets, k)
			}
		}
		for _, k := range side.Keys { // headers may be tokens
			if k.Type == "map of string" && given[k.Name] == "" {
				given[k.Name] = `{X-Key: ` + quotedVariable(k.Name) + `}`
				if !s.compiles(t, given) {
					delete(given, k.Name)
				} else {
					s.secrets = append(s.secrets, k)
				}
			}
		}
		if len(s.secrets)+len(s.places) == 0 {
			continue
		}
		for _, k := range side.Keys { // a switch that makes connections TLS
			if k.Name == "tls.insecure" {
				given[k.Name] = `"${env:TLS:-false}"`
				if !s.compiles(t, given) {
					delete(given, k.Name)
				}
			}
		}
		if !s.compiles(t, given) {
			t.Errorf("%s: the pipeline does not compile:\n%s", s.name, s.yaml)
			continue
		}
		sides = append(sides, s)
	}
	return sides
}

// fill gives a key a value that means something.
func (s *secretSide) fill(k *catalog.Key, given map[string]string) {
	switch {
	case k.Form == "dsn" || k.Form == "url":
		given[k.Name] = quotedVariable(k.Name)
		s.places = append(s.places, *k)
		if k.Secret {
			s.secrets = append(s.secrets, *k)
		}
	case k.Form == "address":
		given[k.Name] = `"${env:ADDRESS}"`
	case k.Secret:
		given[k.Name] = quotedVariable(k.Name)
		s.secrets = append(s.secrets, *k)
	case strings.HasPrefix(k.Type, "[") && strings.Contains(k.Doc, "host:port"):
		given[k.Name] = `["${env:ADDRESS}"]`
	case k.Form == "rooted":
		given[k.Name] = "/x"
	case k.Name == "subject":
		given[k.Name] = "x.y"
	case strings.HasPrefix(k.Type, "["):
		given[k.Name] = "[x]"
	case len(k.Values) > 0:
		given[k.Name] = k.Values[0]
	default:
		given[k.Name] = "x"
	}
}

// group gives the keys without which a secret means nothing: those that it needs, and
// those beside it that choose among ways.
func (s *secretSide) group(side *catalog.Side, k catalog.Key, given map[string]string) {
	prefix := k.Name[:strings.LastIndexByte(k.Name, '.')+1]
	for _, o := range side.Keys {
		switch {
		case given[o.Name] != "" || o.Secret:
		case o.Name == k.Needs:
			given[o.Name] = `"${env:` + variableOf(o.Name) + `:-}"`
			s.group(side, o, given)
		case prefix != "" && strings.HasPrefix(o.Name, prefix) && len(o.Values) > 0:
			given[o.Name] = o.Values[0]
		}
	}
}

func variableOf(key string) string {
	return "S_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// quotedVariable is a value that a variable has, or a file of its name.
func quotedVariable(key string) string {
	name := variableOf(key)
	return `"${env:` + name + `:-}${file:` + name + `}"`
}

// compiles writes the pipeline with these keys and tells whether it compiles.
func (s *secretSide) compiles(t *testing.T, given map[string]string) bool {
	t.Helper()
	nested := map[string]any{}
	for name, value := range given {
		at, parts := nested, strings.Split(name, ".")
		for _, p := range parts[:len(parts)-1] {
			if at[p] == nil {
				at[p] = map[string]any{}
			}
			at = at[p].(map[string]any)
		}
		at[parts[len(parts)-1]] = value
	}
	config := flowOf(nested)
	s.yaml = "pipeline: secrets\ntypes: {T: {x: string}}\ndelivery: {checkpoint: {store: file, every: 10ms}}\n"
	if s.role == "source" {
		s.yaml += "sources:\n  tried: {use: " + s.connector + ", config: " + config + ", out: T, on_error: {retry: 1, backoff: 1ms, then: dead}}\nsinks:\n  out: {from: tried, use: file, config: {path: out.ndjson}}\n"
	} else {
		s.yaml += "sources:\n  in: {use: file, config: {path: in.ndjson}, out: T, on_error: {then: dead}}\nsinks:\n  tried: {from: in, use: " + s.connector + ", config: " + config + ", on_error: {retry: 1, backoff: 1ms, then: dead}}\n"
	}
	s.yaml += "  dead: {use: file, config: {path: dead.ndjson}}\n"
	r, err := driver.Compile(t.Context(), driver.Options{File: "pipeline.yaml", Text: []byte(s.yaml), Dir: t.TempDir()})
	return err == nil && r.Program != nil
}

// flowOf is a nested config in braces.
func flowOf(m map[string]any) string {
	var parts []string
	for name, v := range m {
		text, ok := v.(string)
		if !ok {
			text = flowOf(v.(map[string]any))
		}
		parts = append(parts, name+": "+text)
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

// marker is a secret that stands nowhere else.
func marker(what string) string {
	return hush + strings.ToLower(strings.NewReplacer("_", "", ".", "").Replace(what)) + hush
}

const hush = "hush7hush7hush7"

// run builds the pipeline and has it fail in each way, with each secret.
func (s *secretSide) run(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pipeline.yaml")
	writeFile(t, file, s.yaml)
	writeFile(t, filepath.Join(dir, "in.ndjson"), "{\"x\":\"a\"}\n{\"x\":\n")
	binary := buildProgram(t, file)
	// One secret at a time, as some are ways that exclude each other. Who is not there,
	// or does not listen, is sent none.
	sets := [][]catalog.Key{nil} // a password in the address alone
	for _, k := range s.secrets {
		sets = append(sets, []catalog.Key{k})
	}
	for _, way := range failingWays(t, s.connector) {
		for i, set := range sets {
			inAddress := i == 0 && len(s.places) > 0
			if inAddress || i > 0 && way.malformed == nil && (way.listens || i == 1) {
				s.fail(t, binary, way, set, inAddress)
			}
		}
	}
	// The same program, looked at.
	var written bytes.Buffer
	for _, args := range [][]string{{"explain", file}, {"explain", file, "--format", "json"}, {"dump", file}, {"emit", file, "-t", "go", "-o", filepath.Join(dir, "gen")}} {
		c := command(dir, t.TempDir(), "flowc", args...)
		for _, k := range slices.Concat(s.secrets, s.places) {
			c.Env = append(c.Env, variableOf(k.Name)+"="+marker(k.Name))
		}
		c.Stdout, c.Stderr = &written, &written
		if err := c.Run(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, written.String())
		}
	}
	quiet(t, "what explain, dump and emit print", written.Bytes())
	quietFolder(t, filepath.Join(dir, "gen"))
}

// A way is how a server fails: where it is, or what is said in the place of where.
type way struct {
	name, address string
	listens       bool   // to what it is sent
	files         bool   // secrets are in files, else in variables
	env           string // a variable that is set besides
	malformed     func(scheme, secret string) string
}

// failingWays are the ways that any connector can fail in, and the refused login of
// those whose servers are here.
func failingWays(t *testing.T, connector string) []way {
	t.Helper()
	serve := func(answer func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer c.Close(); answer(c) }()
			}
		}()
		return l.Addr().String()
	}
	ways := []way{
		{name: "away", address: freeAddress(t)},
		{name: "closes", address: serve(func(net.Conn) {})},
		{name: "echoes", listens: true, address: serve(func(c net.Conn) { _, _ = io.Copy(c, c) })},
		// Of HTTP, and with what it was sent as its reason.
		{name: "refuses", listens: true, files: true, address: serve(func(c net.Conn) {
			buffer := make([]byte, 4096)
			n, _ := c.Read(buffer)
			body := string(buffer[:n])
			fmt.Fprintf(c, "HTTP/1.1 401 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", strings.NewReplacer("\r", " ", "\n", " ").Replace(body), len(body), body)
		})},
		{name: "no TLS", address: serve(func(c net.Conn) { _, _ = io.Copy(c, c) }), env: "TLS=true"},
		{name: "speaks something else", address: serve(func(c net.Conn) { _, _ = c.Write([]byte("220 mail.example.com ESMTP\r\n")) })},
		{name: "malformed port", malformed: func(scheme, secret string) string { return scheme + "u:" + secret + "@127.0.0.1:port/x" }},
		{name: "malformed escape", malformed: func(scheme, secret string) string { return scheme + "u:" + secret + "%zz@127.0.0.1/x" }},
		{name: "malformed host", malformed: func(scheme, secret string) string { return scheme + "u:" + secret + "@[::1/x" }},
		{name: "malformed", malformed: func(_, secret string) string { return "://" + secret + "\x01" }},
		{name: "words", malformed: func(_, secret string) string { return "host=127.0.0.1 password='" + secret }},
		{name: "option", malformed: func(scheme, secret string) string {
			return scheme + "u@127.0.0.1:1/x?sslmode=" + secret + "&password=" + secret + "&connect_timeout=" + secret
		}},
	}
	switch connector { // a login that is refused
	case "nats":
		s := newNATSServer(t)
		s.stop()
		s.options.Username, s.options.Password = "u", "right"
		s.start()
		ways = append(ways, way{name: "wrong login", listens: true, address: fmt.Sprintf("127.0.0.1:%d", s.options.Port)})
	case "kafka":
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "u", "right"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		ways = append(ways, way{name: "wrong login", listens: true, address: c.ListenAddrs()[0]})
	}
	return ways
}

var schemeInDoc = regexp.MustCompile(`[a-z]+://`)

// schemeOf is how an address of a key begins.
func schemeOf(k catalog.Key) string {
	if scheme := schemeInDoc.FindString(k.Doc); scheme != "" {
		return scheme
	}
	return "http://"
}

// fail has the program fail in one way with some of the secrets, and looks at all
// that comes out of it.
func (s *secretSide) fail(t *testing.T, binary string, w way, set []catalog.Key, inAddress bool) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "in.ndjson"), "{\"x\":\"a\"}\n{\"x\":\n")
	address := w.address
	if address == "" {
		address = "127.0.0.1:1"
	}
	env := []string{"ADDRESS=" + address, w.env} // where to go, or to listen
	what := fmt.Sprintf("%s: %s", s.name, w.name)
	inFile := map[string]string{}
	give := func(k catalog.Key, value string) {
		inFile[variableOf(k.Name)] = "" // there has to be one
		if w.files {
			inFile[variableOf(k.Name)] = value + "\n"
		} else {
			env = append(env, variableOf(k.Name)+"="+value)
		}
	}
	for _, k := range s.secrets {
		give(k, "")
	}
	for _, k := range s.places {
		value := schemeOf(k) + address + "/x"
		if inAddress {
			value = schemeOf(k) + "u:" + marker(k.Name) + "@" + address + "/x"
		}
		if w.malformed != nil {
			value = w.malformed(schemeOf(k), marker(k.Name))
		}
		give(k, value)
	}
	for _, k := range set {
		if k.Form == "" {
			give(k, marker(k.Name))
			what += ", with " + k.Name
		}
		if k.Needs != "" {
			env = append(env, variableOf(k.Needs)+"=u")
		}
	}
	for name, text := range inFile {
		writeFile(t, filepath.Join(dir, name), text)
	}
	do := func(args ...string) []byte {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := exec.CommandContext(ctx, binary, args...)
		c.Dir, c.Env = dir, append(os.Environ(), env...)
		out, _ := c.CombinedOutput()
		return out
	}
	quiet(t, what+": --help", do("--help"))

	p := startWith(t, binary, dir, []string{"--log-level", "debug", "--report", "report.json"}, env...)
	eventually(t, what+": the program fails, or says that it can't", func() bool {
		select {
		case <-p.done:
			return true
		default:
			return p.ready() == http.StatusServiceUnavailable && strings.Contains(p.said(), "tried") || p.ready() == http.StatusOK
		}
	})
	for _, page := range []string{"/metrics", "/readyz", "/livez"} {
		if resp, err := http.Get("http://" + p.http + page); err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			quiet(t, what+": "+page, body)
		}
	}
	if p.ready() == http.StatusOK && strings.Contains(s.yaml, "listen") { // senders that are refused
		for _, token := range []string{"wrong", marker("token")} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/x", strings.NewReader("{\"x\":"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			quiet(t, what+": the answer", body)
		}
	}
	p.kill()
	quiet(t, what+": the log", []byte(p.said()))
	if w.name == "away" && !strings.Contains(s.yaml, "listen") && !strings.Contains(p.said(), address) {
		t.Errorf("%s: it does not say where its server is, or never asked for it:\n%s", what, p.said())
	}
	for _, args := range [][]string{{"checkpoint", "show"}, {"dlq", "list", "--format", "json"}} {
		quiet(t, fmt.Sprintf("%s: %v", what, args), do(args...))
	}
	if inAddress || w.name == "wrong login" { // and what a source says that is asked for its types
		quiet(t, what+": infer", do("infer"))
	}
	for name := range inFile {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	quietFolder(t, dir)
}

// quietFolder looks into all files of a folder.
func quietFolder(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		quiet(t, path, data)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// base64Of are the ways in which a marker may stand in base64, whatever is before it.
func base64Of(text string) (all []string) {
	for skip := range 3 {
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", skip) + text))
		all = append(all, coded[4:len(coded)-4])
	}
	return all
}

// quiet fails where a marker is in what came out.
func quiet(t *testing.T, what string, data []byte) {
	t.Helper()
	text := strings.ToLower(string(data))
	if at := strings.Index(text, hush[:10]); at >= 0 {
		t.Errorf("%s has a secret in it:\n… %s …", what, data[max(0, at-300):min(len(data), at+100)])
		return
	}
	for _, coded := range base64Of(hush) {
		if bytes.Contains(data, []byte(coded)) {
			t.Errorf("%s has a secret in it as base64 (%s)", what, coded)
		}
	}
}
