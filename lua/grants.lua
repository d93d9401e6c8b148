-- What a person may give a customer without asking anybody: by one ticket and in one day. The first row that means the person counts:
-- the authority of persons.csv, else the role. What is too much goes to the next who may, with the reason (above = "route").
-- The action that gives it says so: `spends` of "reply" in lifecycle/complaint.lua. What a cancelled complaint was given counts no more.
grants "refund" {
  zh = "退费", en = "refund", above = "route",
  { authority = 1, ticket = yuan "20.00", day = yuan "100.00" },
  { authority = 2, ticket = yuan "50.00", day = yuan "300.00" },
  { authority = 3, ticket = yuan "500.00", day = yuan "3000.00" },
  { role = "leader", ticket = yuan "2000.00", day = yuan "10000.00" },
  { role = "supervisor", ticket = yuan "500.00", day = yuan "3000.00" },
  { role = "agent", ticket = yuan "50.00", day = yuan "300.00" },
}
