/// Identifiers of profiles and cards that are not in the inventory, with right check digits.
enum InventedIdentifiers {
    /// An ICCID of 20 digits; the last one is by Luhn.
    static func iccid(share: Double) -> String {
        let digits = "8944" + padded(share, to: 15)
        var sum = 0
        for (place, digit) in digits.reversed().compactMap(\.wholeNumberValue).enumerated() {
            let doubled = place % 2 == 0 ? 2 * digit : digit
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return digits + String((10 - sum % 10) % 10)
    }

    /// An EID of 32 digits: the remainder of the whole by 97 is 1.
    static func eid(share: Double) -> String {
        let digits = "89049032" + String(repeating: "0", count: 7) + padded(share, to: 15)
        let remainder = (digits + "00").compactMap(\.wholeNumberValue).reduce(0) { (10 * $0 + $1) % 97 }
        let check = String(98 - remainder)
        return digits + (check.count < 2 ? "0" : "") + check
    }

    private static func padded(_ share: Double, to length: Int) -> String {
        let digits = String(UInt64(share * 999_999_999_999_999))
        return String(repeating: "0", count: max(0, length - digits.count)) + digits.suffix(length)
    }
}

extension CarrierModel {
    /// The ICCID of another profile on the card of a device.
    func otherICCID(_ kind: String, onCardOf index: Int) -> String {
        InventedIdentifiers.iccid(share: chance.share("iccid \(kind)", devices[index].eid))
    }
}
