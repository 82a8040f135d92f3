import Testing

@testable import Reconciler

@Suite("Finding the device that a message means")
struct CallbackMatcherTests {
    private func identifiers(_ ids: [(String, String)]) throws -> DeviceIdentifiers {
        let list = ids.map { "{\"kind\":\"\($0.0)\",\"id\":\"\($0.1)\"}" }.joined(separator: ",")
        return DeviceIdentifiers(try JSONValue(json: Array("[\(list)]".utf8)))
    }

    private func candidate(
        _ eid: Int, _ iccid: Int, imei: String? = nil, open: Bool = false, underRequest: Bool = false
    ) throws -> MatchCandidate {
        MatchCandidate(
            key: DeviceKey(eid: try Fleets.eid(eid), iccid: try Fleets.iccid(iccid)), imei: imei.flatMap { IMEI($0) },
            hasOpenOperation: open, isUnderRequest: underRequest)
    }

    @Test("an ICCID that has moved to another eUICC names the one that still holds it")
    func moved() throws {
        var former = try candidate(1, 11)
        former.isGone = true
        let present = try candidate(2, 11)
        let iccid = try identifiers([("Iccid", try Fleets.iccid(11).description)])
        let none = try identifiers([])
        func match(_ all: [MatchCandidate]) -> CallbackMatch {
            CallbackMatcher.match(outer: iccid, inner: none, among: all)
        }
        #expect(match([former, present]) == .device(present.key))
        #expect(match([try candidate(1, 11), present]) == .none)
        #expect(match([try candidate(1, 11, open: true), present]) == .device(former.key))
    }

    @Test("identifiers are read as people and cards write them")
    func spelling() throws {
        let iccid = try Fleets.iccid(11)
        let eid = try Fleets.eid(1).description
        let parts = [eid.prefix(8), eid.dropFirst(8)].joined(separator: "-")
        let read = try identifiers([("Iccid", "\(iccid)F"), ("eid", parts)])
        let expected = try Fleets.eid(1)
        #expect(read.iccids == [iccid] && read.eids == [expected])
    }

    @Test("EID goes before ICCID, ICCID before IMEI, and the top of the message before what stands within")
    func precedence() throws {
        let byEID = try candidate(1, 11)
        let byICCID = try candidate(2, 12)
        let byIMEI = try candidate(3, 13, imei: "350000000000003")
        let all = [byEID, byICCID, byIMEI]
        let eid = ("Eid", try Fleets.eid(1).description)
        let iccid = ("Iccid", try Fleets.iccid(12).description)
        let imei = ("Imei", "350000000000003")
        let none = try identifiers([])
        #expect(
            CallbackMatcher.match(outer: try identifiers([imei, eid]), inner: none, among: all)
                == .device(byEID.key))
        #expect(
            CallbackMatcher.match(outer: try identifiers([imei, iccid]), inner: none, among: all)
                == .device(byICCID.key))
        #expect(CallbackMatcher.match(outer: try identifiers([imei]), inner: none, among: all) == .device(byIMEI.key))
        #expect(
            CallbackMatcher.match(outer: try identifiers([imei]), inner: try identifiers([eid]), among: all)
                == .device(byEID.key), "modems are moved from one eUICC to another")
        #expect(CallbackMatcher.match(outer: none, inner: try identifiers([eid]), among: all) == .device(byEID.key))
    }

    @Test("of several profiles on one eUICC the ICCID decides, then the request, then the operation in flight")
    func severalProfiles() throws {
        let eid = try identifiers([("eid", try Fleets.eid(1).description)])
        let both = try identifiers([
            ("eid", try Fleets.eid(1).description), ("iccid", try Fleets.iccid(12).description),
        ])
        let none = try identifiers([])
        let first = try candidate(1, 11, open: true)
        let second = try candidate(1, 12)
        #expect(CallbackMatcher.match(outer: both, inner: none, among: [first, second]) == .device(second.key))
        #expect(CallbackMatcher.match(outer: eid, inner: none, among: [first, second]) == .device(first.key))
        let requested = try candidate(1, 12, underRequest: true)
        #expect(CallbackMatcher.match(outer: eid, inner: none, among: [first, requested]) == .device(requested.key))
        let idle = try candidate(1, 11)
        #expect(CallbackMatcher.match(outer: eid, inner: none, among: [idle, second]) == .none, "nothing decides")
    }

    @Test("a message that names no known device is told by its request, if that carried one device")
    func byRequest() throws {
        let unknown = try identifiers([("imei", "350000000000099")])
        let none = try identifiers([])
        let only = try candidate(1, 11, underRequest: true)
        #expect(
            CallbackMatcher.match(outer: unknown, inner: none, among: [], ofLoneRequest: only.key) == .device(only.key))
        #expect(CallbackMatcher.match(outer: unknown, inner: none, among: []) == CallbackMatch.none)
        let other = try candidate(2, 12)
        let named = try identifiers([("eid", try Fleets.eid(2).description)])
        #expect(
            CallbackMatcher.match(outer: named, inner: none, among: [only, other], ofLoneRequest: only.key)
                == .device(other.key))
    }

    @Test("an ICCID that is not ours is about another profile (F3)")
    func otherProfile() throws {
        let ours = try candidate(1, 11, open: true, underRequest: true)
        let none = try identifiers([])
        let eid = ("Eid", try Fleets.eid(1).description)
        let foreign = ("Iccid", try Fleets.iccid(99).description)
        #expect(
            CallbackMatcher.match(outer: try identifiers([eid, foreign]), inner: none, among: [ours])
                == .otherProfile(of: [ours.key]))
        #expect(
            CallbackMatcher.match(outer: try identifiers([eid]), inner: try identifiers([foreign]), among: [ours])
                == .otherProfile(of: [ours.key]))
        // The seed's third sample: an inner collection that names another EID says nothing.
        let otherEID = ("eid", try Fleets.eid(7).description)
        #expect(
            CallbackMatcher.match(
                outer: try identifiers([eid]), inner: try identifiers([otherEID, foreign]), among: [ours])
                == .device(ours.key))
    }

    @Test("our ICCID beside another one of the card says of neither (F3)")
    func twoICCIDs() throws {
        let ours = try candidate(1, 11, open: true, underRequest: true)
        let outer = try identifiers([
            ("Eid", try Fleets.eid(1).description), ("Iccid", try Fleets.iccid(11).description),
        ])
        let inner = try identifiers([
            ("eid", try Fleets.eid(1).description), ("iccid", try Fleets.iccid(99).description),
        ])
        #expect(CallbackMatcher.match(outer: outer, inner: inner, among: [ours]) == .contradictory(ours.key))
    }

    @Test("our ICCID beside the EID of another eUICC contradicts itself")
    func contradiction() throws {
        let ours = try candidate(1, 11)
        let ids = try identifiers([
            ("Eid", try Fleets.eid(7).description), ("Iccid", try Fleets.iccid(11).description),
        ])
        #expect(
            CallbackMatcher.match(outer: ids, inner: try identifiers([]), among: [ours]) == .contradictory(ours.key))
    }
}
