package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/control/certtest"
	"github.com/flowc-dev/flowc/runtime/proto"
)

func start(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Registry == nil {
		r, err := control.NewRegistry(control.Options{TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		o.Registry = r
	}
	o.Address, o.HTTP, o.Log = "127.0.0.1:0", "127.0.0.1:0", slog.New(slog.DiscardHandler)
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func dial(t *testing.T, s *Server, c credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(s.Address, grpc.WithTransportCredentials(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func register(ctx context.Context, conn grpc.ClientConnInterface, c *proto.ComponentInfo) error {
	_, err := proto.NewControlPlaneServiceClient(conn).RegisterComponent(ctx, &proto.RegisterRequest{Component: c})
	return err
}

func get(t *testing.T, client *http.Client, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// What is registered is seen over HTTP, and counted.
func TestView(t *testing.T) {
	s := start(t, Options{})
	conn := dial(t, s, insecure.NewCredentials())
	c := proto.NewControlPlaneServiceClient(conn)
	r, err := c.RegisterComponent(t.Context(), &proto.RegisterRequest{ComponentId: "ledgers", Component: &proto.ComponentInfo{
		Type: proto.ComponentType_COMPONENT_TYPE_SOURCE, Endpoint: ":50051", OutputEventTypes: []string{"stellar.ledger.v1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := register(t.Context(), conn, &proto.ComponentInfo{Id: "store", Type: proto.ComponentType_COMPONENT_TYPE_CONSUMER, Endpoint: "10.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Heartbeat(t.Context(), &proto.HeartbeatRequest{ServiceId: r.GetServiceId(), Status: proto.HealthStatus_HEALTH_STATUS_HEALTHY, Metrics: map[string]string{"events": "7"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Heartbeat(t.Context(), &proto.HeartbeatRequest{ServiceId: "nobody"}); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
	page := "http://" + s.HTTP
	var all struct{ Components []component }
	code, text := get(t, http.DefaultClient, page+"/v1/components?type=source&event_type=stellar.ledger.v1&healthy", "")
	if err := json.Unmarshal([]byte(text), &all); err != nil || code != 200 || len(all.Components) != 1 {
		t.Fatal(code, text, err)
	}
	one := all.Components[0]
	if one.ID != "ledgers" || one.Endpoint != "127.0.0.1:50051" || one.Type != "source" || one.Status != "healthy" || one.Metrics["events"] != "7" || one.Registered.IsZero() {
		t.Errorf("%+v", one)
	}
	for path, want := range map[string]struct {
		code int
		text string
	}{
		"/v1/components/" + r.GetServiceId(): {200, `"service_id": "` + r.GetServiceId()},
		"/v1/components":                     {200, `"id": "store"`},
		"/v1/components/nobody":              {404, `under the service id \"nobody\"`},
		"/v1/components?type=sink":           {400, "they are source, processor and consumer"},
		"/v1/components?kind=source":         {400, "there are type, event_type and healthy"},
		"/healthz":                           {200, "ok"},
		"/":                                  {200, "/v1/components"},
		"/nothing":                           {404, ""},
		"/metrics":                           {200, `flowc_control_components{type="source",status="healthy"} 1`},
	} {
		if code, text := get(t, http.DefaultClient, page+path, ""); code != want.code || !strings.Contains(text, want.text) {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	_, text = get(t, http.DefaultClient, page+"/metrics", "")
	for _, want := range []string{"flowc_control_registrations_total 2", "flowc_control_heartbeats_total 1", `flowc_control_calls_total{method="Heartbeat",code="NotFound"} 1`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("without %s:\n%s", want, text)
		}
	}
}

// Tools ask for the services that there are, and probes for health.
func TestReflectionAndHealth(t *testing.T) {
	s := start(t, Options{Token: func() []byte { return []byte("sesame") }})
	conn := dial(t, s, insecure.NewCredentials())
	if h, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: "flowctl.v1.ControlPlaneService"}); err != nil || h.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Error(h, err)
	}
	ask := func(ctx context.Context) ([]string, error) {
		stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
		if err != nil {
			return nil, err
		}
		_ = stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
		answer, err := stream.Recv() // it says why, also where nothing can be sent
		var names []string
		for _, one := range answer.GetListServicesResponse().GetService() {
			names = append(names, one.GetName())
		}
		return names, err
	}
	if _, err := ask(t.Context()); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token it says %v", err)
	}
	names, err := ask(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer sesame"))
	if err != nil || !slices.Contains(names, "flowctl.v1.ControlPlaneService") {
		t.Error(names, err)
	}
}

// Who does not show the token sees nothing; it may change while the server runs.
func TestToken(t *testing.T) {
	token := "sesame"
	s := start(t, Options{Token: func() []byte { return []byte(token) }})
	conn := dial(t, s, insecure.NewCredentials())
	for sent, want := range map[string]codes.Code{"": codes.Unauthenticated, "Bearer open": codes.Unauthenticated, "Basic sesame": codes.Unauthenticated, "Bearer ": codes.Unauthenticated, "bearer sesame": codes.OK} {
		ctx := t.Context()
		if sent != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", sent)
		}
		if err := register(ctx, conn, &proto.ComponentInfo{Id: "x"}); status.Code(err) != want {
			t.Errorf("with %q: %v", sent, err)
		}
	}
	for sent, want := range map[string]int{"": 401, "open": 401, "sesame": 200} {
		if code, text := get(t, http.DefaultClient, "http://"+s.HTTP+"/v1/components", sent); code != want {
			t.Errorf("with %q: %d %s", sent, code, text)
		}
	}
	token = "another"
	if code, _ := get(t, http.DefaultClient, "http://"+s.HTTP+"/metrics", "another"); code != 200 {
		t.Error(code)
	}
}

// A message that is too large is refused by its code, and the connection goes on.
func TestTooLarge(t *testing.T) {
	s := start(t, Options{})
	conn := dial(t, s, insecure.NewCredentials())
	if err := register(t.Context(), conn, &proto.ComponentInfo{Description: strings.Repeat("x", 2<<20)}); status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
	if err := register(t.Context(), conn, &proto.ComponentInfo{Id: "x"}); err != nil {
		t.Error(err)
	}
}

// Clients that say nothing, or garbage, do not keep the server from ending.
func TestHostileClients(t *testing.T) {
	s := start(t, Options{})
	var open []net.Conn
	for _, text := range []string{"", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x00\xff\x00\xff"} {
		for _, address := range []string{s.Address, s.HTTP} {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			open = append(open, conn)
		}
	}
	if err := register(t.Context(), dial(t, s, insecure.NewCredentials()), &proto.ComponentInfo{Id: "x"}); err != nil {
		t.Errorf("beside %d of them: %v", len(open), err)
	}
}

// configOf is that of a client that knows an authority, and shows a certificate of it unless
// its name is empty.
func configOf(t *testing.T, a *certtest.Authority, name string) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate())
	c := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(a.File(name+".crt"), a.File(name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

// Server and clients know each other by certificates; who has none, one of somebody
// else's, or an old one, is not let in.
func TestCertificates(t *testing.T) {
	a, stranger := certtest.New(t, t.TempDir()), certtest.New(t, t.TempDir())
	a.Server("server", certtest.Valid)
	a.Client("good", certtest.Valid)
	a.Client("old", certtest.Past)
	stranger.Client("foreign", certtest.Valid)
	certificates, err := OpenCertificates(a.File("server.crt"), a.File("server.key"), a.File("ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{TLS: certificates})
	withForeign := configOf(t, a, "")
	withForeign.Certificates = configOf(t, stranger, "foreign").Certificates
	for name, c := range map[string]*tls.Config{"good": configOf(t, a, "good"), "old": configOf(t, a, "old"), "none": configOf(t, a, ""), "foreign": withForeign, "another authority": configOf(t, stranger, "foreign")} {
		err := register(t.Context(), dial(t, s, credentials.NewTLS(c.Clone())), &proto.ComponentInfo{Id: name})
		if want := codes.Unavailable; name == "good" && err != nil || name != "good" && status.Code(err) != want {
			t.Errorf("%s: %v", name, err)
		}
		page := &http.Client{Transport: &http.Transport{TLSClientConfig: c}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.HTTP+"/v1/components", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := page.Do(r)
		if (err == nil) != (name == "good") {
			t.Errorf("%s over HTTP: %v", name, err)
		}
		if err == nil {
			answer.Body.Close()
		}
	}
	if err := register(t.Context(), dial(t, s, insecure.NewCredentials()), &proto.ComponentInfo{}); status.Code(err) != codes.Unavailable {
		t.Errorf("without TLS: %v", err)
	}
	if _, err := OpenCertificates(a.File("server.crt"), a.File("good.key"), ""); err == nil {
		t.Error("a key of another certificate is taken")
	}
	if _, err := OpenCertificates(a.File("server.crt"), a.File("server.key"), a.File("server.key")); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("an authority without a certificate gives %v", err)
	}
}
