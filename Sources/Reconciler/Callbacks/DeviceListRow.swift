/// What one row in the answer to a v2 device list says of one profile, or of a card whose profiles it does not name.
///
/// Nobody has published such an answer (`thingspace.md`, section 4.2). A row may be one profile, or one card with all its
/// profiles, former ones among them. So a profile status belongs to a profile only where it stands in the smallest
/// object that names an ICCID, beside that ICCID.
struct DeviceListRow: Hashable, Sendable {
    /// What the row says of the status of its profile.
    enum Status: Hashable, Sendable {
        case none
        /// The carrier's word, which stands beside the ICCID.
        case stated(String)
        /// Words of different meaning stand beside the ICCID, or a word stands where it may be another profile's.
        case unclear(String)
    }

    private(set) var identifiers: DeviceIdentifiers
    /// The account that the row names.
    let account: AccountName?
    /// The words beside the ICCID.
    private var words: [String]
    /// Words elsewhere in the row, where no ICCID is named.
    private let strayWords: [String]
    /// An error that the row reports of itself.
    private let error: String?
    let serviceState: ServiceState?
    let smsr: SmsrOid?
    /// Whether the card has other profiles in the same row: the filter of the list may be about one of them.
    private(set) var isOneOfSeveral = false

    var status: Status {
        if let error, !words.isEmpty { return .unclear("its row reports an error: \(error)") }
        let meanings = Set(words.map(StatusMeaning.init))
        if meanings.count > 1 {
            return .unclear("its row names several profile statuses: \(Set(words).sorted().joined(separator: ", "))")
        }
        if let word = words.first { return .stated(word) }
        guard let stray = strayWords.first else { return .none }
        return .unclear("its row names the profile status \(stray) without saying of which profile")
    }

    /// The word of the status, if there is exactly one.
    var profileStatus: String? {
        if case .stated(let word) = status { return word }
        return nil
    }

    /// Words that mean the same are no contradiction; undocumented ones mean only themselves.
    private struct StatusMeaning: Hashable {
        let state: ProfileState
        let word: String?

        init(_ word: String) {
            state = ProfileState(profileStatus: word)
            self.word = state == .unknown ? word.foldedForComparison : nil
        }
    }
}

extension DeviceListRow {
    /// Whether a message holds at least one row within an array.
    static func isAny(in message: JSONValue) -> Bool {
        message.elements.contains { isRow($0) || isAny(in: $0) }
            || message.members.contains { !isIdentifierList($0.name, $0.value) && isAny(in: $0.value) }
    }

    private static func isRow(_ element: JSONValue) -> Bool { element.isObject && !names(of: element).isEmpty }

    /// The rows in a value: objects that name a device, wherever they stand.
    ///
    /// - Parameter account: the one that what encloses them names.
    static func rows(in value: JSONValue, account: AccountName? = nil) -> [DeviceListRow] {
        rows(in: value, of: Card(account: account))
    }

    /// What the object reports as an error of its own, or a word that says that it did not work.
    private static func error(in object: JSONValue) -> String? {
        for name: StaticString in ["errorCode", "error", "faultResponse", "euiccErrorCode", "euiccErrorDesc"] {
            if let text = object[name]?.reportedError { return text }
        }
        if let word = object["euiccStatus"]?.word {
            switch DocumentedWords.euiccStatuses[word] {
            case .success, .warning: break
            case .failure, .unanswered, nil: return word
            }
        }
        let troubles = ["failed", "failure", "error", "rejected", "inprogress", "pending", "queued"]
        return object["status"]?.word.flatMap { troubles.contains($0.foldedForComparison) ? $0 : nil }
    }

    /// What encloses a row.
    private struct Card {
        var identifiers = DeviceIdentifiers(nil)
        var account: AccountName?
        var service: ServiceState?
        var smsr: SmsrOid?
    }

    private static func rows(in value: JSONValue, of card: Card) -> [DeviceListRow] {
        guard value.isObject else { return value.elements.flatMap { rows(in: $0, of: card) } }
        let own = names(of: value)
        // What names another EID than what encloses it is about nothing that can be trusted: the carrier's own sample
        // shows such a message (`thingspace.md`, section 8.4).
        if !own.eids.isEmpty, !card.identifiers.eids.isEmpty, Set(own.eids).isDisjoint(with: card.identifiers.eids) {
            return []
        }
        let places = besides(value)
        var inner = card
        if !own.eids.isEmpty { inner.identifiers.eids = own.eids }
        if !own.imeis.isEmpty { inner.identifiers.imeis = own.imeis }
        inner.account = value["accountName"]?.text.map { AccountName($0) } ?? card.account
        inner.service = places.lazy.compactMap { service(in: $0) }.first ?? card.service
        inner.smsr =
            places.lazy.compactMap { ($0["smsrOid"] ?? $0["smrsOid"])?.text }.first.map { SmsrOid($0) } ?? card.smsr
        var found = value.members.filter { member in
            !isIdentifierList(member.name, member.value) && !member.name.isAsideName
        }.flatMap { member in
            rows(in: member.value, of: inner)
        }
        if !own.iccids.isEmpty || !own.isEmpty && found.isEmpty {
            var identifiers = inner.identifiers
            identifiers.iccids = own.iccids
            let isProfile = Set(own.iccids).count == 1
            let words = places.flatMap(statusWords)
            found.insert(
                DeviceListRow(
                    identifiers: identifiers, account: inner.account, words: isProfile ? words : [],
                    strayWords: (isProfile ? [] : words) + strayWords(in: value),
                    error: places.lazy.compactMap { error(in: $0) }.first, serviceState: inner.service,
                    smsr: inner.smsr), at: 0)
        }
        return card.identifiers.isEmpty && !own.isEmpty ? merged(found) : found
    }

    /// Puts together what one row says of the same profile in several places.
    private static func merged(_ rows: [DeviceListRow]) -> [DeviceListRow] {
        guard rows.count > 1 else { return rows }
        var merged: [DeviceListRow] = []
        for row in rows {
            let index = merged.firstIndex {
                $0.identifiers.iccids.count == 1 && $0.identifiers.iccids == row.identifiers.iccids
            }
            if let index {
                merged[index].words += row.words
                if merged[index].identifiers.eids.isEmpty { merged[index].identifiers.eids = row.identifiers.eids }
            } else {
                merged.append(row)
            }
        }
        if Set(merged.flatMap(\.identifiers.iccids)).count > 1 {
            for index in merged.indices { merged[index].isOneOfSeveral = true }
        }
        return merged
    }

    // MARK: Members

    private static let identifierLists: [StaticString] = ["deviceIds", "ids", "deviceIdentifierCollection"]
    /// What only encloses the members of a message about one device. Source: `thingspace.md`, section 2.6.
    private static let envelopes: [StaticString] = ["deviceResponse", "deviceProfileResponse"]

    private static func isIdentifierList(_ name: JSONValue, _ value: JSONValue) -> Bool {
        identifierLists.contains { name.isText($0) }
            || name.isText("device") && (value.isArray || value["kind"] != nil)
    }

    /// The identifiers that an object names itself; none of one that is an identifier.
    static func names(of object: JSONValue) -> DeviceIdentifiers {
        guard object["kind"] == nil || object["id"] == nil && object["identifier"] == nil else {
            return DeviceIdentifiers(nil)
        }
        var identifiers = DeviceIdentifiers(object)
        for member in object.members where isIdentifierList(member.name, member.value) {
            let listed = DeviceIdentifiers(member.value)
            identifiers.eids += listed.eids
            identifiers.iccids += listed.iccids
            identifiers.imeis += listed.imeis
        }
        return identifiers
    }

    /// The object, and envelopes within it that name nothing themselves.
    private static func besides(_ object: JSONValue) -> [JSONValue] {
        var places = [object]
        for name in envelopes {
            if let inner = object[name], inner.isObject, names(of: inner).isEmpty { places += besides(inner) }
        }
        return places
    }

    /// The words for a profile status that stand directly in an object or among its attributes.
    private static func statusWords(in object: JSONValue) -> [String] {
        let attributes = object["extendedAttributes"]?.elements.filter {
            $0["key"]?.text?.foldedForComparison == "profilestatus"
        }
        return object.members.compactMap { member in
            member.name.isText("profileStatus") || member.name.isText("profile_status") ? member.value.text : nil
        } + (attributes?.compactMap { $0["value"]?.text } ?? [])
    }

    /// The words for a profile status within an object where no ICCID is named, envelopes left out.
    private static func strayWords(in object: JSONValue) -> [String] {
        object.members.flatMap { member -> [String] in
            if envelopes.contains(where: { member.name.isText($0) }), names(of: member.value).isEmpty {
                return strayWords(in: member.value)
            }
            if member.name.isText("extendedAttributes") { return [] }
            let objects = member.value.isObject ? [member.value] : member.value.elements.filter(\.isObject)
            return objects.filter { names(of: $0).iccids.isEmpty }.flatMap { statusWords(in: $0) + strayWords(in: $0) }
        }
    }

    /// The state of the line, from the documented members. Source: `thingspace.md`, sections 2.6, 3 and 4.1.
    private static func service(in object: JSONValue) -> ServiceState? {
        if let lines = AccountDeviceRow.service(object["carrierInformations"]) { return lines }
        return (object["state"] ?? object["provisioningStatus"] ?? object["deviceState"])?.text
            .map { ServiceState(carrierWord: $0) }
    }
}
