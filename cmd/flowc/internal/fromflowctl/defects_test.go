package fromflowctl

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
)

// A defect is something that flowctl gets wrong, in the words of testdata/defects.txt, and
// the test that shows that it is right here.
type defect struct {
	wrong string
	right func(*testing.T)
}

// defects is the list with its tests.
var defects = []defect{
	{"graph: a diamond is run as one line, and delivers the wrong thing", diamondDeliversBoth},
	{"graph: each sink gets what the last processor gives, whatever it names", sinksGetTheirInputs},
	{"graph: a source straight to a sink delivers nothing", sourceToSink},
	{"graph: of two sources one is lost", twoSources},

	{"end: the run of a bounded source never ends", boundedRunEnds},
	{"end: a component that crashed is not started again", crashedIsRestarted},
	{"end: a run whose component is gone stays running", goneEndsTheRun},

	{"backpressure: what a sink has not taken for five seconds is dropped", slowSinkLosesNothing},

	{"checks: the schema is never asked", schemaIsAsked},
	{"checks: commands disagree on what is valid", oneVerdict},
	{"checks: unknown fields pass", unknownFields},
	{"checks: any apiVersion and kind pass", anyVersion},
	{"checks: of an image and a command one wins in silence", imageAndCommand},
	{"checks: event types that don't fit pass", typesThatDoNotFit},
	{"checks: components that nothing reaches, and whose events nobody takes, pass", dangling},
	{"checks: errors have no line, and come one at a time", allAtOnce},
	{"checks: a component that stands further down is an unknown input", forwardReference},
	{"checks: a cycle is never named", cycleIsNamed},

	{"compose: args are dropped", argsAreKept},
	{"compose: config is dropped", configIsEnvironment},
	{"compose: replicas are dropped", replicasAreKept},
	{"compose: resources are dropped", resourcesAreKept},
	{"compose: secrets are dropped", secretsAreKept},
	{"compose: the URL of a health check has no host", healthHasAHost},
	{"compose: named volumes are not declared", volumesAreDeclared},
	{"compose: ids like a.b and a-b become one in silence", idsStayApart},
	{"compose: nothing moves the data", stackMovesData},

	{"targets: what is made for the machine itself is invalid", unitsAreValid},
	{"targets: there is no Kubernetes", kubernetesIsThere},
	{"targets: there is no Nomad", nomadIsThere},
	{"targets: apply deploys nothing", both(applyDeploys, shown("cmd/flowc", "TestLocalApply", "TestComposeBesideApply", "TestNomadBeside", "TestKubernetes"))},
	{"targets: what init writes can be translated for none of them", initTranslates},

	{"control plane: a second run on a host dies", twoRunsAtOnce},
	{"control plane: a second server on one file dies and does not say why", shown("cmd/flowc", "TestServerErrors")},
	{"control plane: what an earlier run left wires the next one to nobody", rerunAfterAKill},
	{"control plane: a run behind another is wired to components that are gone", both(rerunAfterTheEnd, shown("runtime/control", "TestSideBySide", "TestRegistered"))},
	{"control plane: heartbeats are made up, so that what hangs is healthy", shown("runtime/connect/component", "TestProcessorHangs")},
	{"control plane: TLS is on one side alone", shown("runtime/control/server", "TestCertificates", "TestToken")},

	{"sandbox: status, logs and stop can't work from another process", sandboxFromOtherProcesses},
	{"sandbox: a command prints success and does nothing", sandboxPretendsNothing},

	{"metrics: events are counted as 0", countsAreReal},
	{"tests: there are no golden files", shown("cmd/flowc", "TestGoldens", "TestTargetGoldens")},
	{"tests: examples are not tested", shown("cmd/flowc", "TestExamplePayments", "TestExampleCSVToNDJSON", "TestExampleComponentRepo", "TestExampleHTTPIngest", "TestFlowctlPage")},
}

func TestDefects(t *testing.T) {
	for _, d := range defects {
		t.Run(d.wrong, func(t *testing.T) {
			t.Parallel()
			d.right(t)
		})
	}
}

// Each line of the list has a test, in the order of the list, and no test is of something
// that the list has not.
func TestEveryDefect(t *testing.T) {
	f, err := os.Open("testdata/defects.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list, tested []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	for _, d := range defects {
		if d.right != nil {
			tested = append(tested, d.wrong)
		}
	}
	for _, line := range list {
		if !slices.Contains(tested, line) {
			t.Errorf("no test shows that this is right: %s", line)
		}
	}
	if !slices.Equal(list, tested) {
		t.Errorf("the list is\n%s\nand tests are of\n%s", strings.Join(list, "\n"), strings.Join(tested, "\n"))
	}
}
