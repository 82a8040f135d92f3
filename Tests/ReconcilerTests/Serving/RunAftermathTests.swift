import Testing

@testable import Reconciler

@Suite("What a controller leaves alone after a run")
struct RunAftermathTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)
    private let account = Fleets.account
    private let options = ControllerOptions()

    private func after(
        _ ending: ApplyReport.Ending, stopped: [AccountName: String] = [:], unanswered: [Int] = [],
        stoppedBefore: [AccountName: String] = [:]
    ) throws -> RunAftermath {
        var report = ApplyReport()
        report.ending = ending
        report.stoppedAccounts = stopped
        for number in unanswered {
            report.unanswered.add(try Fleets.key(number), of: account, until: now + .seconds(300), because: "Late.")
        }
        return RunAftermath(
            of: report, stoppedBefore: stoppedBefore, after: RunRest(), couldSend: true, at: now, options)
    }

    @Test("a few unanswered devices rest neither their account nor the controller")
    func unansweredDevices() throws {
        let few = try after(.stopped("Late."), stopped: [account: "Late."], unanswered: [1, 2])
        #expect(few.resting.isEmpty && few.rest.problem == nil && few.isSound)
        #expect(few.rest.until < now + options.backOff.first, "others may have something to send")
        let refused = try after(.stopped("Refused."), stopped: [account: "Refused."], unanswered: [])
        #expect(refused.resting == [account: "Refused."])
        let both = try after(.stopped("Refused."), stopped: [account: "Refused."], unanswered: [1])
        #expect(both.resting == [account: "Refused."])
        let everything = try after(.stopped("The carrier cannot be reached."))
        #expect(everything.rest.problem?.text == "The carrier cannot be reached." && !everything.isSound)
        #expect(try after(.stopped("Refused."), stoppedBefore: [account: "Refused."]).rest.problem == nil)
    }

    @Test("devices wait until they are due, and their reason with them")
    func waits() throws {
        let (key, other) = (try Fleets.key(1), try Fleets.key(2))
        var first = UnansweredLookups()
        first.add(key, of: account, until: now + .seconds(300), because: "Late.")
        #expect(first.isWaiting(key, at: now) && !first.isWaiting(other, at: now))
        #expect(!first.isWaiting(key, at: now + .seconds(300)) && first.nextDue(after: now) == now + .seconds(300))
        var second = UnansweredLookups()
        second.add(other, of: account, until: now + .seconds(400), because: "Later.")
        let both = first.followed(by: second, at: now + .seconds(100))
        #expect(both.dues == [key: now + .seconds(300), other: now + .seconds(400)])
        #expect(both.reasons == [account: "Later."])
        let ended = both.followed(by: UnansweredLookups(), at: now + .seconds(400))
        #expect(ended == UnansweredLookups())
    }

    @Test("a device that waits for a later lookup needs no run, and the others do")
    func survey() async throws {
        var unanswered = UnansweredLookups()
        for number in 0..<3 {
            unanswered.add(try Fleets.key(number), of: account, until: now + .seconds(300), because: "Late.")
        }
        for (devices, needsRun) in [(3, false), (4, true)] {
            let survey = FleetSurvey(
                try await Fleets.fleet(try Fleets.yaml(devices)), KnownFleet(), at: now, policy: ConvergencePolicy(),
                unanswered: unanswered)
            #expect(survey.needsRun == needsRun && survey.canSend == needsRun)
            #expect(survey.nextDue == now + .seconds(300))
        }
    }
}
