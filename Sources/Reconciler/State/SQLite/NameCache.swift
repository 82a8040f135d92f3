/// What one transaction has read of the table `name`: accounts, SM-SRs, carrier's words.
///
/// It lives no longer than its transaction, since a name that was added may be rolled back.
final class NameCache {
    private var texts: [Int64: String] = [:]
    private var numbers: [String: Int64] = [:]

    func text(_ number: Int64) -> String? { texts[number] }
    func number(_ text: String) -> Int64? { numbers[text] }

    func remember(_ text: String, as number: Int64) {
        texts[number] = text
        numbers[text] = number
    }
}
