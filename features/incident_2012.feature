@incident
Feature: The incident of January 2012
  On 10 January 2012 a carrier changed its gateway "as part of routine maintenance". From then on
  every site that its subscribers visited received their numbers, until visitors of one site that
  shows what it receives raised the alarm, and the fault was mended on 25 January.

  Rule: The gate would have stopped the change before it was deployed

    Example: The gateway as released before the change gives nobody away
      Given the gateway as it was released
      When subscribers go about their day
      Then nobody has learned anything that the policy does not grant

    Example: The gateway after the maintenance of 10 January tells every site who is calling
      Given the gateway after the maintenance of 10 January
      When subscribers go about their day
      Then every ordinary site has learned who its visitors are

    Example: The gateway as mended on 25 January gives nobody away
      Given the gateway as mended on 25 January
      When subscribers go about their day
      Then nobody has learned anything that the policy does not grant
